// A small server that keeps its own document, except where a fault of one class is planted: the checker has to find each.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import twilio from 'twilio'

export type Fault =
  | 'none'
  | 'server fault'
  | 'undocumented'
  | 'off schema'
  | 'no request id'
  | 'leak'
  | 'open door'
  | 'broken xml'
  | 'wrong words'
  | 'no answer'

const id = 'req_1'
const error = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'object', required: ['code', 'message', 'requestId'], properties: { requestId: { type: 'string' } } } },
}
const json = (schema: object) => ({ description: 'x', content: { 'application/json': { schema } } })
const refusals = Object.fromEntries([400, 401, 403, 404, 405, 413, 415, 422].map((status) => [status, json(error)]))
const thing = {
  type: 'object',
  required: ['id', 'name'],
  properties: { id: { type: 'integer', minimum: 1 }, name: { type: 'string', minLength: 1, maxLength: 40 } },
}
const body = { content: { 'application/json': { schema: { ...thing, required: ['name'] } } } }
const security = [{ bearerAuth: [] }]

export const plantedDocument = {
  openapi: '3.1.0',
  paths: {
    '/openapi.json': {
      get: { operationId: 'shared.openapi.get', responses: { 200: { description: 'x', content: { 'application/json': { schema: {} } } } } },
    },
    '/v1/things': {
      get: {
        operationId: 'sapien.things.list',
        security,
        parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 9 } }],
        responses: { 200: json({ type: 'array', items: thing }), ...refusals },
      },
      post: { operationId: 'sapien.things.create', security, requestBody: body, responses: { 201: json(thing), ...refusals } },
    },
    '/v1/things/{id}': {
      get: {
        operationId: 'sapien.things.get',
        security,
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
        responses: { 200: json(thing), ...refusals },
      },
    },
    '/twilio/voice': {
      post: {
        operationId: 'bella.voice.answer',
        requestBody: { content: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } } },
        responses: { 200: { description: 'x', content: { 'text/xml': { schema: { type: 'string' } } } }, ...refusals },
      },
    },
  },
  components: { schemas: {} },
}

export interface Planted {
  readonly url: string
  close(): Promise<void>
}

export async function openPlanted(fault: Fault, token: string): Promise<Planted> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => answer({ fault, token, body: Buffer.concat(chunks).toString() }, request, response))
      .on('error', () => {}) // it was the caller who broke off
  })
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
  server.on('clientError', (_error, socket) => {
    const text = JSON.stringify(refusal('Not HTTP.'))
    socket.end(
      `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-request-id: ${id}\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const refusal = (message: string, requestId = id) => ({ error: { code: 'no', message, details: null, requestId } })

interface Asked {
  readonly fault: Fault
  readonly token: string
  readonly body: string
}

function answer({ fault, token, body }: Asked, { url = '/', method, headers }: IncomingMessage, response: ServerResponse): unknown {
  const say = (status: number, value: unknown, type = 'application/json', given: string | null = id) => {
    response.writeHead(status, { 'content-type': type, ...(given === null ? {} : { 'x-request-id': given }) })
    response.end(typeof value === 'string' ? value : JSON.stringify(value))
  }
  const refuse = (status: number, message = 'No.', told = id) => say(status, refusal(message, told))
  const path = url.split('?')[0]?.replace(/(.)\/$/, '$1')
  if (path === '/openapi.json') return say(200, plantedDocument)
  if (path === '/twilio/voice') {
    const fields = Object.fromEntries(new URLSearchParams(body))
    const signature = String(headers['x-twilio-signature'])
    if (!twilio.validateRequest('secret', signature, `http://${headers.host}${url}`, fields)) return refuse(403)
    const broken =
      fault === 'broken xml' ? '<Response><Say>a & b</Say></Response>' : '<?xml version="1.0"?><Response><Say>a</Say></Response>'
    return say(200, broken, 'text/xml')
  }
  if (!/^\/v1\/things(\/[^/]+)?$/.test(path ?? '') || !['GET', 'POST'].includes(method ?? '')) return refuse(404)
  if (fault !== 'open door' && headers.authorization !== `Bearer ${token}`) return refuse(401)
  switch (fault) {
    case 'server fault':
      return refuse(500)
    case 'undocumented':
      return say(418, {})
    case 'off schema':
      return say(method === 'POST' ? 201 : 200, { id: 'one' })
    case 'no request id':
      return refuse(422, 'No.', 'req_2')
    case 'leak':
      return refuse(422, 'duplicate key value violates unique constraint')
    case 'wrong words':
      return say(422, { oops: true })
    case 'no answer':
      return response.destroy()
    default:
      return method === 'POST'
        ? say(201, { id: 1, name: 'a' })
        : path === '/v1/things'
          ? say(200, [{ id: 1, name: 'a' }])
          : say(200, { id: 1, name: 'a' })
  }
}
