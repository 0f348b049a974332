// The sandbox's own API, under /sandbox: make people ring, type for them, look at what happened, move the clock, break things.
// Refuses with 400 and a sentence; nothing of this exists at a real provider.
import { ordinary, type Person, type Turn } from './callers/behaviour.ts'
import { behaviourAt, magicNumbers } from './callers/magic-numbers.ts'
import { type LivePerson, livePerson, parseScript, scriptedPerson } from './callers/script.ts'
import { type Answer, type Asked, json, type Route } from './http.ts'
import { parseSpeed } from './settings.ts'
import { type Call, type CallEvent, interrupt, isOver } from './twilio/call.ts'
import { receiveCall } from './twilio/place.ts'
import { hostedNumber, noFaults, plantNumbers, type World } from './world.ts'

export class BadControl extends Error {
  readonly status: number
  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

type Given = Record<string, unknown>

export function controlRoutes(world: World): Route[] {
  const live = new Map<string, LivePerson>()
  return [
    { method: 'POST', path: '/sandbox/calls', handle: (asked) => startCall(world, live, given(asked)) },
    { method: 'GET', path: '/sandbox/calls', handle: () => json(200, { calls: [...world.calls.values()].map(brief) }) },
    { method: 'GET', path: '/sandbox/calls/:sid', handle: (asked) => showCall(world, asked) },
    { method: 'GET', path: '/sandbox/calls/:sid/events', handle: (asked) => streamEvents(callOf(world, asked)) },
    { method: 'POST', path: '/sandbox/calls/:sid/say', handle: (asked) => act(world, live, asked, sayTurn) },
    { method: 'POST', path: '/sandbox/calls/:sid/press', handle: (asked) => act(world, live, asked, pressTurn) },
    { method: 'POST', path: '/sandbox/calls/:sid/silence', handle: (asked) => act(world, live, asked, () => ({ do: 'silence' })) },
    { method: 'POST', path: '/sandbox/calls/:sid/hangup', handle: (asked) => putDown(world, asked) },
    { method: 'POST', path: '/sandbox/people', handle: (asked) => setPerson(world, given(asked)) },
    { method: 'GET', path: '/sandbox/numbers', handle: () => json(200, { numbers: [...world.numbers.values()] }) },
    { method: 'POST', path: '/sandbox/numbers', handle: (asked) => hostNumber(world, given(asked)) },
    { method: 'GET', path: '/sandbox/clock', handle: () => json(200, clockOf(world)) },
    { method: 'POST', path: '/sandbox/clock', handle: (asked) => turnClock(world, given(asked)) },
    {
      method: 'GET',
      path: '/sandbox/magic-numbers',
      handle: () => json(200, { numbers: magicNumbers.map(({ number, does }) => ({ number, does })) }),
    },
    { method: 'GET', path: '/sandbox/messages', handle: () => json(200, { messages: world.messages }) },
    { method: 'POST', path: '/sandbox/reset', handle: () => reset(world, live) },
    { method: 'POST', path: '/sandbox/faults', handle: (asked) => setFaults(world, given(asked)) },
    { method: 'POST', path: '/sandbox/webhooks', handle: (asked) => setWebhooks(world, given(asked)) },
  ]
}

function given(asked: Asked): Given {
  if (asked.body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(asked.body.toString('utf8'))
  } catch {
    throw new BadControl('the body is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadControl('the body must be a JSON object')
  return { ...value }
}

function text(body: Given, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw new BadControl(`"${name}" must be a text`)
  return value
}

function numberIn(body: Given, name: string, otherwise: number): number {
  const value = body[name] ?? otherwise
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new BadControl(`"${name}" must be a number from 0`)
  return value
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new BadControl(error instanceof Error ? error.message : String(error))
  }
}

function callOf(world: World, asked: Asked): Call {
  const call = world.calls.get(asked.params.sid ?? '')
  if (!call) throw new BadControl('there is no such call', 404)
  return call
}

function startCall(world: World, live: Map<string, LivePerson>, body: Given): Answer {
  const number = world.numbers.get(text(body, 'to'))
  if (!number) throw new BadControl(`${text(body, 'to')} is not hosted here: POST /sandbox/numbers, or buy it`)
  if (number.voiceUrl === '') throw new BadControl(`${number.phoneNumber} has no VoiceUrl`)
  const from = body.from === undefined ? '+447700900123' : text(body, 'from')
  const behaviour =
    body.script === undefined
      ? { ...ordinary, ...behaviourAt(world, from) }
      : { ...ordinary, script: checked(() => parseScript(body.script)) }
  const person = body.interactive === true ? livePerson(behaviour) : scriptedPerson(behaviour)
  const call = receiveCall(world, {
    to: number,
    from,
    person,
    speed: body.speed === undefined ? null : checked(() => parseSpeed(body.speed, 'speed')),
    patienceS: numberIn(body, 'patienceS', 120),
    forwardedFrom: body.forwardedFrom === undefined ? null : text(body, 'forwardedFrom'),
  })
  if (isLive(person)) {
    live.set(call.sid, person)
    void call.settled.promise.then(() => live.delete(call.sid))
  }
  return json(201, { sid: call.sid })
}

const isLive = (person: Person): person is LivePerson => person.live

const brief = (call: Call) => ({
  sid: call.sid,
  status: call.status,
  direction: call.direction,
  from: call.from,
  to: call.to,
  startedAt: call.startedMs === null ? null : new Date(call.startedMs).toISOString(),
  endedAt: call.endedMs === null ? null : new Date(call.endedMs).toISOString(),
})

/** `?wait=settled` answers when the call is over and its callbacks were delivered, within 60 seconds. */
async function showCall(world: World, asked: Asked): Promise<Answer> {
  const call = callOf(world, asked)
  if (asked.query.get('wait') === 'settled') await within(call.settled.promise, 60_000)
  return json(200, {
    ...brief(call),
    parentSid: call.parentSid,
    heard: call.heard,
    said: call.said,
    events: call.events,
    recordings: call.recordings.map((recording) => recording.sid),
    exchanges: call.exchanges.map(({ url, method, params, status, body, ms, attempts, error }) => ({
      url,
      method,
      params,
      status,
      body,
      ms,
      attempts,
      error,
    })),
  })
}

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

/** One JSON object a line: what has happened so far, then what happens, until the call has ended. */
function streamEvents(call: Call): Answer {
  return {
    status: 200,
    stream: (response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      const write = (event: CallEvent) => {
        response.write(`${JSON.stringify(event)}\n`)
        if (event.type === 'ended') response.end()
      }
      for (const event of call.events) write(event)
      if (response.writableEnded) return
      call.watchers.add(write)
      response.on('close', () => call.watchers.delete(write))
    },
  }
}

function act(world: World, live: Map<string, LivePerson>, asked: Asked, turnOf: (body: Given) => Turn): Answer {
  const call = callOf(world, asked)
  const person = live.get(call.sid)
  if (!person) throw new BadControl('nobody types for this caller: the call is over or was not made with "interactive": true', 409)
  person.give(turnOf(given(asked)))
  return json(202, { sid: call.sid })
}

const sayTurn = (body: Given): Turn => ({ do: 'say', text: text(body, 'text'), confidence: numberIn(body, 'confidence', 0.92), afterS: 0 })

function pressTurn(body: Given): Turn {
  const digits = text(body, 'digits')
  if (!/^[0-9*#]+$/.test(digits)) throw new BadControl('"digits" are 0 to 9, * and #')
  return { do: 'press', digits, afterS: 0 }
}

function putDown(world: World, asked: Asked): Answer {
  const call = callOf(world, asked)
  if (isOver(call)) throw new BadControl('the call is over', 409)
  interrupt(call, { kind: 'hangup', by: call.direction === 'inbound' ? 'caller' : 'callee', status: null })
  return json(202, { sid: call.sid })
}

/** Says how the person at a number behaves when they are called. */
function setPerson(world: World, body: Given): Answer {
  const answering = body.answering ?? 'answers'
  const known = (['answers', 'busy', 'no-answer', 'failed', 'voicemail'] as const).find((name) => name === answering)
  if (!known) throw new BadControl('"answering" is answers, busy, no-answer, failed or voicemail')
  const script = body.script === undefined ? ordinary.script : checked(() => parseScript(body.script))
  const afterS = numberIn(body, 'afterS', ordinary.afterS)
  world.people.set(text(body, 'number'), {
    ...ordinary,
    answering: known,
    script,
    afterS,
    talkS: numberIn(body, 'talkS', ordinary.talkS),
    afterwards: body.afterwards === 'silence' ? 'silence' : 'hangup',
    greeting: body.greeting === undefined ? undefined : text(body, 'greeting'),
  })
  return json(201, { number: body.number, answering: known })
}

function hostNumber(world: World, body: Given): Answer {
  const phoneNumber = text(body, 'phoneNumber')
  if (!/^\+[1-9]\d{6,14}$/.test(phoneNumber)) throw new BadControl('"phoneNumber" must be an E.164 number')
  const optional = (name: string) => (body[name] === undefined ? undefined : text(body, name))
  const number = hostedNumber(world, phoneNumber, {
    voiceUrl: optional('voiceUrl'),
    voiceFallbackUrl: optional('voiceFallbackUrl'),
    statusCallback: optional('statusCallback'),
  })
  world.numbers.set(phoneNumber, number)
  return json(201, number)
}

const clockOf = (world: World) => ({ now: new Date(world.clock.now()).toISOString(), speed: world.clock.speed() })

function turnClock(world: World, body: Given): Answer {
  if (body.advanceS !== undefined) world.clock.advance(numberIn(body, 'advanceS', 0) * 1000)
  if (body.set !== undefined) world.clock.set(instant(text(body, 'set')))
  if (body.speed !== undefined) world.clock.setSpeed(checked(() => parseSpeed(body.speed, 'speed')))
  return json(200, clockOf(world))
}

function instant(value: string): number {
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw new BadControl('"set" must be a time such as 2026-11-24T09:00:00Z')
  return ms
}

function reset(world: World, live: Map<string, LivePerson>): Answer {
  for (const call of world.calls.values()) interrupt(call, { kind: 'hangup', by: 'api', status: null })
  for (const held of [world.calls, world.numbers, world.recordings, world.people, live]) held.clear()
  world.messages = []
  world.faults = noFaults()
  world.webhooks = { ...world.settings.webhooks }
  plantNumbers(world)
  return json(200, { reset: true })
}

function setFaults(world: World, body: Given): Answer {
  const count = numberIn(body, 'count', 1)
  const delayMs = numberIn(body, 'delayMs', 1_500)
  const pick = <K extends string>(name: string, kinds: readonly K[]) => {
    if (body[name] === undefined || body[name] === null) return null
    const kind = kinds.find((each) => each === body[name])
    if (!kind) throw new BadControl(`"${name}" is one of ${kinds.join(', ')}`)
    return { kind, count, delayMs }
  }
  world.faults = {
    callbacks: pick('callbacks', ['late', 'repeated', 'disordered', 'lost'] as const),
    rest: pick('rest', ['slow', '500', 'reset', '429'] as const),
    chat: pick('chat', ['slow', '500', '429', 'nonsense'] as const),
    scan: pick('scan', ['slow', 'reset', 'silent', 'cut off', 'nonsense'] as const),
  }
  return json(200, world.faults)
}

function setWebhooks(world: World, body: Given): Answer {
  const policy = world.webhooks
  world.webhooks = {
    retryForS: numberIn(body, 'retryForS', policy.retryForS),
    retryCount: numberIn(body, 'retryCount', policy.retryCount),
    retryEveryMs: numberIn(body, 'retryEveryMs', policy.retryEveryMs),
    connectTimeoutMs: numberIn(body, 'connectTimeoutMs', policy.connectTimeoutMs),
    readTimeoutMs: numberIn(body, 'readTimeoutMs', policy.readTimeoutMs),
  }
  return json(200, world.webhooks)
}
