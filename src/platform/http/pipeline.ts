// What happens to every request, in this order: credential, limit, body, shape, permission, idempotency, handler,
// answer. An endpoint cannot be reached around it, and none repeats it.
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { may, type Principal } from '../auth/principal.ts'
import { type Refusal, refuse } from '../errors/index.ts'
import { type LimitOutcome, type LimitRule, limitHeaders } from '../limits/index.ts'
import { RawJson, type Session } from '../session/index.ts'
import { announcesBody, bodyOf } from './bodies.ts'
import type { Contract } from './contract.ts'
import { Answer, type AnyEndpoint, type Body, type RequestFacts } from './endpoint.ts'
import { type Kitchen, renderRefusal, toRefusal } from './errors.ts'
import { factsOf } from './facts.ts'
import { freeWhenSent } from './free.ts'
import { type Flights, fingerprint, once, type Rendered, readKey } from './idempotency.ts'
import { goLive, goOn, Live } from './live.ts'
import { takesKey } from './openapi/refusals.ts'
import { tellRefused } from './refused.ts'
import { compileSerializers, type Serialize } from './serialization.ts'
import { type Check, compileCheck, refuseProblems } from './validation.ts'
import { visitOf } from './visit.ts'

/** Refusals of the request's shape: not worth remembering under an idempotency key. */
const shapeCodes = new Set<Refusal['code']>([
  'invalid_request',
  'malformed_body',
  'unsupported_media_type',
  'body_too_large',
  'upload_incomplete',
])

interface Compiled {
  readonly contract: Contract
  readonly endpoint: AnyEndpoint
  readonly params: Check | null
  readonly query: Check | null
  readonly body: Check | null
  readonly serializers: ReadonlyMap<number, Serialize>
  /** The status of an answer that names none. */
  readonly success: number
}

export function registerEndpoint(server: FastifyInstance, kitchen: Kitchen, contract: Contract, endpoint: AnyEndpoint): void {
  const compiled: Compiled = {
    contract,
    endpoint,
    params: endpoint.params ? compileCheck(endpoint.params, 'path') : null,
    query: endpoint.query ? compileCheck(endpoint.query, 'query') : null,
    body: endpoint.body ? compileCheck(endpoint.body, 'body') : null,
    serializers: compileSerializers(endpoint),
    success: Number(Object.keys(endpoint.response)[0] ?? 200),
  }
  const name = `${endpoint.method} ${endpoint.path}`
  const attributes = { 'http.request.method': endpoint.method, 'http.route': endpoint.path, 'patchbay.operation': endpoint.operation }
  server.route({
    method: endpoint.method,
    url: endpoint.path,
    ...(endpoint.bodyLimit ? { bodyLimit: endpoint.bodyLimit } : {}),
    config: { contract, endpoint },
    onRequest: (request, reply, done) => settle(done, () => admit(kitchen, compiled, request, reply)),
    handler: (request, reply) => kitchen.tracing.span(name, attributes, () => serve(kitchen, compiled, request, reply)),
  })
}

/** Most requests are admitted without waiting for anybody: then there is no promise to wait for either. */
function settle(done: (error?: Error) => void, work: () => void | Promise<void>): void {
  try {
    const waiting = work()
    if (waiting) waiting.then(() => done(), done)
    else done()
  } catch (error) {
    done(error as Error)
  }
}

/** Before the body is read: who it is, and whether they may ask again so soon. */
function admit(kitchen: Kitchen, { contract, endpoint }: Compiled, request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
  if (endpoint.operation === 'health.ready' && kitchen.draining()) refuse('shutting_down', { headers: { 'retry-after': '1' } })
  const facts = factsOf(request, kitchen)
  const counted = (principal: Principal | null) => (endpoint.unlimited ? undefined : count(kitchen, contract, principal, facts, reply))
  if (endpoint.permission === 'public') return counted(null)
  const letIn = (principal: Principal | null) => {
    visitOf(request).principal = principal
    const counting = counted(principal)
    if (!principal) return after(counting, () => refuse(contract.credentialMissing))
    return counting
  }
  /** Whoever guesses has no credential, and is counted by address. */
  const turnAway = (error: unknown) =>
    after(counted(null), () => {
      throw error
    })
  let caller: ReturnType<Contract['authenticate']>
  try {
    caller = (endpoint.verify ?? contract.authenticate)(facts)
  } catch (error) {
    return turnAway(error)
  }
  return caller instanceof Promise ? caller.then(letIn, turnAway) : letIn(caller)
}

const after = (waiting: undefined | void | Promise<void>, next: () => never): Promise<void> => (waiting ? waiting.then(next) : next())

function count(
  kitchen: Kitchen,
  contract: Contract,
  principal: Principal | null,
  facts: RequestFacts,
  reply: FastifyReply,
): void | Promise<void> {
  const rule: LimitRule = principal ? contract.limit : (contract.anonymousLimit ?? contract.limit)
  if (rule === 'off') return
  const judge = (outcome: LimitOutcome) => {
    const headers = limitHeaders(rule, outcome)
    reply.headers(headers)
    if (!outcome.allowed) refuse('rate_limited', { headers })
  }
  const taken = kitchen.limiter.take(rule, principal?.credential ?? `address:${facts.address}`)
  return taken instanceof Promise ? taken.then(judge) : judge(taken)
}

async function serve(kitchen: Kitchen, compiled: Compiled, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { endpoint } = compiled
  const facts = factsOf(request, kitchen)
  const principal = visitOf(request).principal ?? (endpoint.verify ? await endpoint.verify(facts) : kitchen.nobody)
  const { params, query, body } = judge(compiled, request, principal)
  const session = kitchen.openSession(principal, facts)
  const inputOf = (inner: Session) => ({ session: inner, principal, params, query, body, request: facts }) as never
  const key = takesKey(endpoint) ? readKey(request.headers) : null
  const received = endpoint.receive ? await endpoint.receive(inputOf(session)) : null
  let used = false
  const run = (inner: Session) => {
    used = true
    return endpoint.handle(inputOf(inner))
  }
  try {
    if (key === null) return send(compiled, reply, await run(session))
    const content = received ? Buffer.from(received.digest) : facts.rawBody
    const given = { method: request.method, url: request.url, contentType: request.headers['content-type'], body: content }
    const repeat = { key, route: endpoint.operation, fingerprint: fingerprint(given) }
    return sendRendered(reply, await once(flightsOf(kitchen), session, repeat, (tx) => renderSafely(kitchen, compiled, facts, tx, run)))
  } finally {
    if (!used) await received?.discard()
  }
}

const flights = new WeakMap<Kitchen, Flights>()
function flightsOf(kitchen: Kitchen): Flights {
  const own = flights.get(kitchen) ?? new Set()
  flights.set(kitchen, own)
  return own
}

/** The settled order: the body's shape, then the permission, then the query, then whether the path's ids can exist. */
function judge({ contract, endpoint, ...checks }: Compiled, request: FastifyRequest, principal: Principal) {
  const body = readBody(endpoint, request)
  if (checks.body) refuseProblems(checks.body(body))
  if (
    endpoint.permission !== 'public' &&
    endpoint.permission !== 'authenticated' &&
    !endpoint.verify &&
    !may(principal, endpoint.permission)
  ) {
    refuse('permission_denied', { message: `This needs the permission ${endpoint.permission}.` })
  }
  const query = checks.query ? { ...(request.query as object) } : request.query
  if (checks.query) refuseProblems(checks.query(query))
  const params = { ...(request.params as Record<string, unknown>) }
  if (checks.params && (checks.params(params).length > 0 || respelled(params, request.params)))
    refuse(endpoint.missing ?? 'route_not_found')
  return { params, query, body }
}

/** `1e2` and `0x64` are no other names of 100. */
const respelled = (params: Readonly<Record<string, unknown>>, given: unknown): boolean =>
  Object.keys(params).some((name) => typeof params[name] === 'number' && String(params[name]) !== (given as Record<string, unknown>)[name])

/**
 * The body of a GET means nothing (RFC 9110 9.3.1): it is passed over.
 * @throws unsupported_media_type, also for bytes that nobody would read: they are not an empty body.
 */
function readBody(endpoint: AnyEndpoint, request: FastifyRequest): unknown {
  const { kind, raw } = bodyOf(request)
  const accepts = endpoint.accepts ?? ['json']
  if (endpoint.method === 'GET' || accepts.includes('stream')) return undefined
  const given = kind === 'none' ? announcesBody(request) : raw.length > 0
  if (given && (kind === 'none' || !accepts.includes(kind)))
    refuse('unsupported_media_type', { message: `This takes ${accepts.join(' or ')}.` })
  return given ? request.body : {}
}

function send({ serializers, success }: Compiled, reply: FastifyReply, result: Body | Answer): FastifyReply {
  const named = result instanceof Answer
  const status = named ? result.status : success
  const body = named ? result.body : result
  reply.code(status)
  if (named) reply.headers(result.headers)
  if (body === null) return reply.send()
  if (body instanceof Live) return goLive(reply, body)
  if (body instanceof Readable) goOn(reply.raw)
  if (body instanceof Readable || Buffer.isBuffer(body)) return reply.send(body)
  if (typeof body === 'string') return reply.send(body)
  return sendJson(reply, body instanceof RawJson ? body.content : toJson(serializers, status, body))
}

function toJson(serializers: ReadonlyMap<number, Serialize>, status: number, body: object): string {
  if (body instanceof RawJson) return body.text
  return serializers.get(status)?.(body) ?? JSON.stringify(body)
}

function sendJson(reply: FastifyReply, json: string | Buffer): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json; charset=utf-8')
  if (Buffer.isBuffer(json)) freeWhenSent(reply.raw, json)
  return reply.serializer(identity).send(json)
}
const identity = (text: string): string => text

/** Under a key the answer must be text before the commit, and what the caller did wrong is an answer too. */
async function renderSafely(
  kitchen: Kitchen,
  compiled: Compiled,
  facts: RequestFacts,
  tx: Session,
  run: (s: Session) => unknown,
): Promise<Rendered> {
  try {
    const result = await tx.write(async (inner) => (await run(inner)) as Body | Answer)
    const { status, body, headers } = result instanceof Answer ? result : new Answer(compiled.success, result)
    if (body instanceof Readable || body instanceof Live || Buffer.isBuffer(body))
      throw new Error(`${compiled.endpoint.operation} streams: it cannot be repeated by key`)
    const type: Record<string, string> =
      body === null || typeof body === 'string' ? {} : { 'content-type': 'application/json; charset=utf-8' }
    const text = body === null || typeof body === 'string' ? body : toJson(compiled.serializers, status, body)
    return { status, body: text, headers: { ...type, ...headers } }
  } catch (error) {
    const refusal = toRefusal(error)
    if (refusal.code === 'database_unavailable') throw refusal
    if (refusal.kind === 'internal') kitchen.log.error({ err: error, requestId: facts.id }, 'request failed')
    tellRefused(kitchen.log, facts.raw, refusal)
    const { status, body, headers } = renderRefusal(
      kitchen,
      { renderError: compiled.endpoint.renderError ?? compiled.contract.renderError },
      facts.id,
      refusal,
    )
    const type = { 'content-type': 'application/json; charset=utf-8' }
    return { status, body: JSON.stringify(body), headers: { ...type, ...headers }, final: !shapeCodes.has(refusal.code) }
  }
}

function sendRendered(reply: FastifyReply, { status, headers, body }: Rendered): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .serializer(identity)
    .send(body ?? '')
}
