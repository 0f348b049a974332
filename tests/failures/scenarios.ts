// What makes the server run its statements over HTTP: every operation rightly asked, in more than one way where it has
// more than one, and calls that speak. Each is prepared anew for each time it is tried: no attempt depends on the one before.
import twilio from 'twilio'
import type { Arena } from '../hostile/arena.ts'
import type { Answer } from '../hostile/judge.ts'
import { carrierToken, pathOf } from '../isolation/asking.ts'
import { matrix, type Sent } from '../isolation/matrix.ts'
import { type Operation, operationOf, operations } from '../isolation/operations.ts'
import { openLine } from '../voice/carrier.ts'

export interface Attempt {
  /** What is tried, and may be tried again after it failed. */
  run(): Promise<Answer>
}

export interface Scenario {
  readonly name: string
  readonly operation: Operation | null
  /** Whether it is refused even when all goes well. */
  readonly refused?: boolean
  prepare(): Promise<Attempt>
}

export const overHttp = (arena: Arena): Scenario[] => [...requests(arena), ...variants(arena), ...turns(arena)]

/** Streams do not end by themselves, and documents ask the database nothing. */
const left = new Set(['events.stream', 'openapi.get', 'openapi.get_one', 'docs.get', 'docs.get_redoc', 'reference.get', 'docs.get_asset'])

function requests(arena: Arena): Scenario[] {
  return operations
    .filter(({ endpoint }) => !left.has(endpoint.operation))
    .map((operation) => ({
      name: operation.endpoint.operation,
      operation,
      async prepare() {
        const sent = (await matrix[operation.endpoint.operation]?.send(arena.own)) ?? {}
        return { run: () => ask(arena, operation, sent) }
      },
    }))
}

export async function ask(arena: Arena, operation: Operation, sent: Sent, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const { endpoint } = operation
  const path = pathOf(endpoint, sent)
  const all = { ...(await arena.headersFor(operation, path, sent.form ?? {})), ...more }
  const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  if (sent.file) {
    const form = new FormData()
    form.append('file', new Blob(['a note'], { type: 'text/plain' }), 'note.txt')
    return arena.send(endpoint.method, path, headers, form)
  }
  if (sent.form) {
    headers['x-twilio-signature'] = twilio.getExpectedTwilioSignature(carrierToken, `${arena.house.url}${path}`, { ...sent.form })
    headers['content-type'] = 'application/x-www-form-urlencoded'
    return arena.send(endpoint.method, path, headers, new URLSearchParams({ ...sent.form }).toString())
  }
  if (sent.json === undefined) return arena.send(endpoint.method, path, headers)
  return arena.send(endpoint.method, path, { ...headers, 'content-type': 'application/json' }, JSON.stringify(sent.json))
}

/** A right request, changed; `more` are headers. */
interface Variant {
  readonly name: string
  readonly operation: string
  readonly sent: (arena: Arena, sent: Sent) => Promise<Sent> | Sent
  /** Headers; an empty one is left out. */
  readonly more?: (arena: Arena) => Promise<Record<string, string>>
  readonly refused?: boolean
}

const withForm =
  (form: Readonly<Record<string, string>>, query?: Sent['query']) =>
  (_: Arena, sent: Sent): Sent => ({ ...sent, form: { ...sent.form, ...form }, ...(query ? { query } : {}) })

let named = 0
/** A name that the carrier has not used before: `CA` for calls, `RE` for recordings. */
export const sid = (prefix: 'CA' | 'RE'): string => `${prefix}f${(++named).toString(16).padStart(31, '0')}`
const recorded =
  (form: Readonly<Record<string, string>>, query?: Sent['query']): Variant['sent'] =>
  (arena, sent) =>
    withForm({ RecordingSid: sid('RE'), ...form }, query)(arena, sent)

let keys = 0
const supervisor = async ({ house, own }: Arena) => ({
  authorization: `Bearer ${await house.token({ subject: `user:${own.supervisorId}`, roles: ['supervisor'] })}`,
})
const same = (_: Arena, sent: Sent): Sent => sent

/** A refresh token that somebody has exchanged before: whoever brings it now has stolen it, or was stolen from. */
async function used({ own, house }: Arena): Promise<Sent> {
  const json = { refresh_token: await own.refreshToken() }
  await house.request('POST', '/api/v1/auth/refresh', { json })
  return { json }
}

const changes: readonly Variant[] = [
  {
    name: 'by its token',
    operation: 'feed.show',
    sent: async ({ own }) => ({ query: { token: (await own.feed()).token } }),
    more: async () => ({ 'x-api-key': '', authorization: '' }),
  },
  {
    name: 'for an agent',
    operation: 'calls.create',
    sent: ({ own }) => ({ json: { from: own.founded.phoneNumber, to: '+441632960222', agentId: own.founded.agentId } }),
  },
  {
    name: 'with a wrong password',
    operation: 'auth.login',
    sent: async ({ own }) => ({ json: { username: `nobody-${own.founded.adminId}`, password: 'wrong' } }),
    refused: true,
  },
  { name: 'with a token that was used', operation: 'auth.refresh', sent: used, refused: true },
  {
    name: 'that we placed',
    operation: 'voice.status',
    sent: async ({ own }, sent) => ({ ...sent, query: { call: (await own.call()).id }, form: { ...sent.form, CallSid: sid('CA') } }),
  },
  {
    name: 'of a party that answered',
    operation: 'voice.status',
    sent: (_, sent) => ({
      ...sent,
      form: { ...sent.form, ParentCallSid: sent.form?.CallSid ?? '', CallSid: sid('CA'), CallStatus: 'in-progress' },
    }),
  },
  {
    name: 'under an idempotency key',
    operation: 'appointments.create',
    sent: same,
    more: async () => ({ 'idempotency-key': `key-${++keys}` }),
  },
  {
    name: 'to another time',
    operation: 'appointments.update',
    sent: ({ own }, sent) => ({ ...sent, json: { starts_at: own.start() } }),
  },
  { name: 'as a supervisor', operation: 'users.list', sent: same, more: supervisor },
  { name: 'as a supervisor', operation: 'calls.get', sent: same, more: supervisor },
  { name: 'that ended', operation: 'voice.status', sent: withForm({ CallStatus: 'completed', CallDuration: '7' }) },
  {
    name: 'that nobody had told of',
    operation: 'voice.status',
    sent: (arena, sent) => withForm({ CallStatus: 'no-answer', CallSid: sid('CA') })(arena, sent),
  },
  {
    name: 'of a party that was rung',
    operation: 'voice.status',
    sent: (_, sent) => ({
      ...sent,
      form: { ...sent.form, ParentCallSid: sent.form?.CallSid ?? '', CallSid: sid('CA'), CallStatus: 'completed' },
    }),
  },
  {
    name: 'that is complete',
    operation: 'voice.recording',
    sent: recorded({ RecordingStatus: 'completed', RecordingDuration: '7' }),
  },
  {
    name: 'of a message',
    operation: 'voice.recording',
    sent: recorded({ RecordingStatus: 'completed', RecordingDuration: '7' }, { kind: 'voicemail' }),
  },
  {
    name: 'that failed',
    operation: 'voice.recording',
    sent: recorded({ RecordingStatus: 'failed' }),
  },
]

function variants(arena: Arena): Scenario[] {
  return changes.map(({ name, operation: wanted, sent: change, more, refused = false }) => {
    const operation = operationOf(wanted)
    return {
      name: `${wanted} ${name}`,
      operation,
      refused,
      async prepare() {
        const sent = await change(arena, (await matrix[wanted]?.send(arena.own)) ?? {})
        const headers = (await more?.(arena)) ?? {}
        return { run: () => ask(arena, operation, sent, headers) }
      },
    }
  })
}

/** A booking, then another caller's cancelling, turn by turn. */
const dialogues: Readonly<Record<string, readonly string[]>> = {
  book: [
    'I would like to book an appointment',
    'my name is Grace Hopper',
    'tomorrow at ten in the morning',
    'the first one',
    'yes please',
    'no that is all, bye',
  ],
  person: ['I want to speak to a person'],
  message: ['can I leave a message'],
}

function turns(arena: Arena): Scenario[] {
  return Object.entries(dialogues).flatMap(([name, words]) =>
    words.map((_, turn) => ({
      name: `a call that wants to ${name}, turn ${turn}`,
      operation: operationOf('voice.collect'),
      async prepare() {
        const line = openLine(arena.house)
        await line.ring()
        for (const said of words.slice(0, turn)) await line.say(said)
        const action = line.action()
        return {
          run: async () => answerOf(await line.post(action, { SpeechResult: words[turn] ?? '', Confidence: '0.9' })),
        }
      },
    })),
  )
}

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
})
