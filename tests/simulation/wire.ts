// Requests to the server under simulation. What a fault has cut off is asked again, as a client or a carrier would: with the
// same idempotency key, or as the same post. An answer that no fault excuses and no document allows ends the run.
import { Agent, request } from 'node:http'
import { signature } from '../../sandbox/twilio/signature.ts'
import { testing } from '../support/settings.ts'
import { broken } from './violation.ts'
import type { World } from './world.ts'

export interface Answer {
  readonly status: number
  readonly text: string
  readonly body: { readonly [field: string]: unknown }
}

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Wire {
  ask(asked: Asked): Promise<Answer>
  /** With an API key, and JSON where there is any; `once` names the change. */
  api(key: string, method: Asked['method'], path: string, json?: unknown, once?: string): Promise<Answer>
  bearer(token: string, method: Asked['method'], path: string, json?: unknown, once?: string): Promise<Answer>
  /** A form as Twilio posts and signs it. @returns the TwiML, or nothing where there is none */
  post(path: string, form: Readonly<Record<string, string>>): Promise<Answer>
  close(): void
}

const patienceMs = 20_000

export function openWire(world: World): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })

  async function ask(asked: Asked): Promise<Answer> {
    const deadline = performance.now() + patienceMs
    for (;;) {
      const answer = await send(agent, world.port, asked)
      const excused = world.troubled()
      if (!mustAskAgain(answer)) {
        if (answer.status >= 500) broken('the server answered a request with a fault of its own', { asked, answer })
        return answer
      }
      if (!excused || performance.now() > deadline) broken('the server did not serve a request though nothing was wrong', { asked, answer })
      await world.serving()
      await new Promise(setImmediate)
    }
  }

  const json = (value: unknown, once?: string) => ({
    ...(value === undefined ? {} : { 'content-type': 'application/json' }),
    ...(once === undefined ? {} : { 'idempotency-key': once }),
  })
  const call = (credential: Record<string, string>, method: Asked['method'], path: string, value: unknown, once?: string) =>
    ask({ method, path, headers: { ...credential, ...json(value, once) }, ...(value === undefined ? {} : { body: JSON.stringify(value) }) })
  return {
    ask,
    api: (key, method, path, value, once) => call({ 'x-api-key': key }, method, path, value, once),
    bearer: (token, method, path, value, once) => call({ authorization: `Bearer ${token}` }, method, path, value, once),
    async post(path, form) {
      const answer = await ask({
        method: 'POST',
        path,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': signature(testing.TWILIO_AUTH_TOKEN, `${world.url}${path}`, form),
        },
        body: new URLSearchParams(form).toString(),
      })
      if (answer.status >= 400) broken('a carrier’s post was refused', { path, form, answer })
      return answer
    },
    close: () => agent.destroy(),
  }
}

/** Nobody answered, not now, or the first request of this name is still being worked on. */
const mustAskAgain = ({ status, text }: Answer): boolean =>
  status === 0 || status === 503 || (status === 409 && /idempotency_key_in_use/i.test(text))

/** Status 0 is no answer at all. */
function send(agent: Agent, port: number, { method, path, headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve) => {
    const none = (error: Error) => resolve({ status: 0, text: error.message, body: {} })
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', none)
      response.on('aborted', () => none(new Error('cut off')))
      response.on('end', () =>
        resolve(read(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'), response.headers['content-type'])),
      )
    })
    sent.on('error', none)
    sent.end(body)
  })
}

function read(status: number, text: string, type = ''): Answer {
  const parsed: unknown = type.includes('json') && text ? JSON.parse(text) : {}
  return { status, text, body: typeof parsed === 'object' && parsed !== null ? (parsed as Answer['body']) : {} }
}
