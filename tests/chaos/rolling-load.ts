// 500 requests a second that arrive whether or not the last ones were answered, over connections that are kept: of ten, one
// adds a person with a key, one is a call that a provider announces, and eight look up who was added last. Whatever is not
// the expected answer is kept. A machine that cannot answer so many is offered fewer: nobody waits in a line without an end.
import { Agent, request } from 'node:http'
import twilio from 'twilio'

export interface LoadOptions {
  readonly url: string
  readonly apiKey: string
  readonly phoneNumber: string
  readonly authToken: string
  readonly perSecond: number
  readonly connections: number
}

export interface Load {
  answered(): number
  /** Whether it is answered as fast as it arrives, just now. */
  onTime(): boolean
  /** Those that a machine which could not keep up was not asked. */
  spared(): number
  /** On the whole, so far. */
  perSecond(): number
  readonly failures: string[]
  /** By what they were: how many were told that it is done. */
  readonly done: { people: number; calls: number }
  stop(): Promise<void>
}

const tickMs = 10
/** While a newcomer starts it takes the processor from who answers, and what arrived then is made up for later: up to so long a line. */
const patienceS = 4

export function startLoad(options: LoadOptions): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections, scheduling: 'fifo' })
  const done = { people: 0, calls: 0 }
  const failures: string[] = []
  const open = new Set<Promise<void>>()
  const began = performance.now()
  let [sent, spared, answered] = [0, 0, 0]
  const mostOpen = options.perSecond * patienceS

  async function one(number: number): Promise<void> {
    try {
      await kinds[number % kinds.length]?.(number)
      answered += 1
    } catch (error) {
      failures.push(error instanceof Error ? `${error.message} (${'code' in error ? error.code : 'answered'})` : String(error))
    }
  }
  /** Whoever was added last: told to be there, so there, whichever process is asked. */
  let newest: number | null = null
  const read = async () => {
    const path = newest === null ? '/users?limit=1' : `/users/${newest}`
    await send(options, agent, { method: 'GET', path, headers: { 'x-api-key': options.apiKey } }, 200)
  }
  const add = async (number: number) => {
    const headers = { 'x-api-key': options.apiKey, 'content-type': 'application/json', 'idempotency-key': `rolling-${number}` }
    const body = JSON.stringify({ full_name: 'Grace Hopper', mobile: `+447${String(700_000_000 + number)}` })
    const { id } = JSON.parse(await send(options, agent, { method: 'POST', path: '/users', headers, body }, 201)) as { id: number }
    newest = id
    done.people += 1
  }
  const ring = async (number: number) => {
    await send(options, agent, announced(options, number), 204)
    done.calls += 1
  }
  const kinds = [read, read, add, read, read, read, read, ring, read, read]

  const timer = setInterval(() => {
    for (const due = ((performance.now() - began) / 1000) * options.perSecond; sent + spared < due; ) {
      if (open.size >= mostOpen) {
        spared += 1
        continue
      }
      const asked = one(sent++)
      open.add(asked)
      void asked.then(() => open.delete(asked))
    }
  }, tickMs)
  return {
    answered: () => answered,
    onTime: () => open.size <= options.connections,
    spared: () => spared,
    perSecond: () => answered / ((performance.now() - began) / 1000),
    failures,
    done,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}

/** The end of a call that nobody picked up, as Twilio says it. */
function announced({ url, phoneNumber, authToken }: LoadOptions, number: number): Asked {
  const fields = {
    AccountSid: 'AC00000000000000000000000000000001',
    CallSid: `CA${number.toString(16).padStart(32, '0')}`,
    From: `+447${String(800_000_000 + number)}`,
    To: phoneNumber,
    CallStatus: 'no-answer',
    Direction: 'inbound',
  }
  const path = '/twilio/voice/status'
  return {
    method: 'POST',
    path,
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, `${url}${path}`, fields),
    },
  }
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

function send({ url }: LoadOptions, agent: Agent, { method, path, headers, body }: Asked, expected: number): Promise<string> {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, agent, headers: { ...headers, ...length } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === expected
          ? resolve(text)
          : reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 200)}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
