// Builds the HTTP server from the table of contracts. Unknown paths and broken requests are answered in the words of
// the contract whose prefix they carry.
import type { Socket } from 'node:net'
import multipart from '@fastify/multipart'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { Refusal } from '../errors/index.ts'
import { requestId } from '../ids/index.ts'
import { announcesBody, registerBodyParsers } from './bodies.ts'
import type { Contract } from './contract.ts'
import { type CorsOptions, headersByOrigin, registerPreflights } from './cors.ts'
import { watchBody } from './deadline.ts'
import type { AnyEndpoint } from './endpoint.ts'
import { type Kitchen, renderRefusal, toRefusal } from './errors.ts'
import { guardFromOverload } from './overload.ts'
import { registerEndpoint } from './pipeline.ts'
import { tellRefused } from './refused.ts'
import { cipherSuites, safeHeaders } from './safe-headers.ts'
import { registerVisits, routeOf } from './visit.ts'

export interface ServerOptions extends Kitchen {
  readonly contracts: readonly Contract[]
  readonly trustedProxies: readonly string[]
  readonly bodyLimit: number
  readonly cors: CorsOptions
  /** How long a body may take; of an upload, how long it may stand still. */
  readonly bodyDeadlineMs: number
  readonly tls?: { readonly cert: string; readonly key: string }
  /** How long a request may wait before anybody looks at it; beyond that, some are turned away. 0: as long as it takes. */
  readonly maxWaitMs: number
  readonly onTurnedAway: (contract: string, method: string) => void
  readonly backlogMs: () => number
  /** Told of every answer: route pattern, status and time taken. */
  readonly onAnswer: (answer: Answered) => void
  /** Told when a client connects (+1) and leaves (-1). */
  readonly onConnection: (change: 1 | -1) => void
}

export interface Answered {
  readonly requestId: string
  readonly method: string
  readonly route: string
  readonly contract: string
  readonly status: number
  readonly ms: number
}

declare module 'fastify' {
  interface FastifyContextConfig {
    contract?: Contract
    endpoint?: AnyEndpoint
  }
}

/** A request that announces no body has none (RFC 9112, 6.3): no stream is opened to find that out. It was a tenth of a short answer. */
const http = { optimizeEmptyRequests: true }

const ownRequestId = /^[\x21-\x7e]{1,128}$/

export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const server = Fastify({
    logger: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    bodyLimit: options.bodyLimit,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id']
      return typeof given === 'string' && ownRequestId.test(given) ? given : requestId()
    },
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    forceCloseConnections: 'idle',
    return503OnClosing: false, // main.ts drains the connections first; their last requests are answered like any other
    requestTimeout: 0,
    keepAliveTimeout: 72_000,
    clientErrorHandler: (error, socket) => answerUnreadable(options, error, socket),
    frameworkErrors: (error, request, reply) => fail(options, request, reply, error),
    ...(options.tls
      ? { https: { ...http, ...options.tls, minVersion: 'TLSv1.2', ciphers: cipherSuites, honorCipherOrder: true } }
      : { http }),
  }) as FastifyInstance
  registerVisits(server)
  registerBodyParsers(server)
  server.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null))
  // RFC 9110 10.1.1 lets us pass over an expectation that we do not know; Node.js would answer it without us.
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))
  const headersTo = headersByOrigin(options.cors, safeHeaders(servesHttps(options)))
  observe(server, options, headersTo) // first: whatever answers is told the request's id
  await server.register(multipart)
  await registerPreflights(server, options.cors)
  for (const contract of options.contracts) for (const endpoint of contract.endpoints) registerEndpoint(server, options, contract, endpoint)
  server.setErrorHandler((error, request, reply) => fail(options, request, reply, error))
  server.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(options.contracts, request.url)
    const code = allowed.length > 0 ? 'method_not_allowed' : 'route_not_found'
    const headers = allowed.length > 0 ? { allow: allowed.join(', ') } : undefined
    return fail(options, request, reply, new Refusal(code, headers ? { headers } : {}))
  })
  guardFromOverload(server.server, { ...options, headersTo, contractOf: (url) => contractOf(options.contracts, url) })
  return server
}

function observe(server: FastifyInstance, options: ServerOptions, headersTo: ReturnType<typeof headersByOrigin>): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersTo(request.headers.origin)).header('x-request-id', request.id)
    if (options.draining()) reply.header('connection', 'close')
    const { endpoint } = routeOf(request).config
    if (announcesBody(request)) boundBody(request, reply, endpoint, options)
    else forgetType(request)
    const twice = endpoint !== undefined && readsAuthorization(endpoint) && repeatedAuthorization(request)
    done(twice ? new Refusal('invalid_token') : undefined)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const { config, url } = routeOf(request)
    options.onAnswer({
      requestId: request.id,
      method: request.method,
      route: url ?? 'unknown',
      contract: config.contract?.name ?? 'none',
      status: reply.statusCode,
      ms: reply.elapsedTime,
    })
    done()
  })
  server.server.on('connection', (socket) => {
    options.onConnection(1)
    socket.once('close', () => options.onConnection(-1))
  })
}

const servesHttps = ({ tls, publicUrl }: ServerOptions): boolean => tls !== undefined || (publicUrl?.startsWith('https://') ?? false)

/** The type of a body that there is not: by it Fastify would wait for the end of a stream that was never opened. An upload is told what is missing. */
function forgetType({ headers }: FastifyRequest): void {
  const type = headers['content-type']
  if (type !== undefined && !type.startsWith('multipart/')) headers['content-type'] = undefined
}

/** Whoever waits in the handler of an upload learns by the connection's end; anybody else is told. */
function boundBody(request: FastifyRequest, reply: Reply, endpoint: AnyEndpoint | undefined, options: ServerOptions): void {
  const stream = endpoint?.accepts?.includes('stream') ?? false
  const onLate = () => {
    if (stream || reply.sent) return void request.raw.destroy()
    reply.header('connection', 'close')
    fail(options, request, reply, new Refusal('malformed_body', { message: 'The body did not arrive in time.' }))
  }
  watchBody(request, { deadlineMs: options.bodyDeadlineMs, stream, onLate })
}

const unreadable: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'The headers are larger than is accepted.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** What is no HTTP has no path, and so no contract: it is answered in the words of the first. */
function answerUnreadable(options: ServerOptions, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, reason, message] = unreadable[error.code ?? ''] ?? [400, 'Bad Request', 'The request could not be read as HTTP.']
  const id = requestId()
  const { body } = renderRefusal(options, contractOf(options.contracts, '/'), id, new Refusal('malformed_body', { message }))
  const text = JSON.stringify(body)
  const headers = {
    ...safeHeaders(servesHttps(options)),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'x-request-id': id,
    connection: 'close',
  }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${head.join('\r\n')}\r\n\r\n${text}`)
}

const readsAuthorization = ({ permission, errors }: AnyEndpoint): boolean =>
  permission !== 'public' || (errors?.includes('invalid_client') ?? false)

/** Two of them could be read differently by a proxy and by us. */
function repeatedAuthorization({ headers, raw }: FastifyRequest): boolean {
  if (headers.authorization === undefined || !Array.isArray(raw.rawHeaders)) return false
  let seen = 0
  for (let index = 0; index < raw.rawHeaders.length; index += 2) {
    const name = raw.rawHeaders[index] ?? ''
    if (name.length === 13 && name.toLowerCase() === 'authorization') seen++
  }
  return seen > 1
}

/** Refusals that do not wait for the body: what is left of it is not read either. */
const unreadKinds: ReadonlySet<Refusal['kind']> = new Set(['too_large', 'unauthenticated', 'unsupported_media', 'limited'])

type Reply = Parameters<Parameters<FastifyInstance['setErrorHandler']>[0]>[2]

function fail(options: ServerOptions, request: FastifyRequest, reply: Reply, error: unknown) {
  const refusal = toRefusal(error)
  if (refusal.kind === 'internal')
    options.log.error({ err: error, requestId: request.id, route: request.routeOptions?.url }, 'request failed')
  tellRefused(options.log, request, refusal)
  const { contract, endpoint } = request.routeOptions?.config ?? {}
  const renderError = endpoint?.renderError ?? (contract ?? contractOf(options.contracts, request.url)).renderError
  const { status, body, headers } = renderRefusal(options, { renderError }, request.id, refusal)
  if (!request.raw.complete && unreadKinds.has(refusal.kind)) reply.header('connection', 'close')
  return reply
    .code(status)
    .headers(headers ?? {})
    .header('x-request-id', request.id)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(body))
}

function contractOf(contracts: readonly Contract[], url: string): Contract {
  const path = url.split('?')[0] ?? url
  const owner = contracts.find(({ prefixes }) => prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
  return owner ?? (contracts.find(({ name }) => name === 'sapien') as Contract)
}

function allowedMethods(contracts: readonly Contract[], url: string): string[] {
  const path = (url.split('?')[0] ?? url).replace(/(.)\/$/, '$1')
  const endpoints = contracts.flatMap((contract) => contract.endpoints).filter((endpoint) => patternOf(endpoint.path).test(path))
  return [...new Set(endpoints.map((endpoint) => endpoint.method))]
}

const patterns = new Map<string, RegExp>()
function patternOf(path: string): RegExp {
  const known = patterns.get(path)
  if (known) return known
  const pattern = new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`)
  patterns.set(path, pattern)
  return pattern
}
