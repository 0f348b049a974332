// Runs TwiML on a call: fetches a document, carries out its verbs one by one, follows where they lead, and ends the call.
// A document that cannot be had or read is asked for at the fallback address; failing that, the person hears of an application error.
import { readWav } from '../audio/wav.ts'
import type { World } from '../world.ts'
import { type Call, type CallStatus, clearInterruption, during, emit, Interrupted, nowOn, pass, type Source } from './call.ts'
import { dial } from './dial.ts'
import { endCall } from './ending.ts'
import { gather } from './gather.ts'
import { voiceFields } from './params.ts'
import { progress } from './progress.ts'
import { record, startOnCall } from './record.ts'
import { goTo, numberOf, type Outcome, onward, press, resolve, type Scene, sayTo } from './scene.ts'
import { type Element, parseTwiml, TwimlError } from './twiml.ts'
import { callHook, type Exchange, fetchMedia } from './webhook.ts'

const documentLimit = 500
const longestCallMs = 4 * 3600 * 1000
const endlessLoop = 100
// A sound whose length cannot be read here (an MP3, say).
const usualMediaMs = 5_000
const apology = 'We are sorry. An application error has occurred. Goodbye.'

interface Document {
  verbs: Element[]
  url: string
}

/** The whole of a call from its first document on. The call is over when this settles. */
export async function runCall(world: World, call: Call, first: Source): Promise<void> {
  let next: Source | null = first
  while (next) {
    const source: Source = next
    try {
      return endCall(world, call, await runDocuments(world, call, source, true))
    } catch (error) {
      if (!(error instanceof Interrupted)) return breakDown(world, call, error)
      const { interruption } = error
      if (interruption.kind === 'hangup')
        return endCall(world, call, interruption.status ?? (call.answeredMs === null ? 'no-answer' : 'completed'))
      clearInterruption(call)
      next = interruption.source
    }
  }
}

// A fault of the sandbox itself: the call ends and says so in its events, and the sandbox lives on.
export function breakDown(world: World, call: Call, error: unknown): void {
  emit(call, { type: 'error', code: 0, message: `the sandbox itself failed: ${error instanceof Error ? error.stack : String(error)}` })
  endCall(world, call, 'failed')
}

/** Follows documents until one ends. `whole` is false for a whisper, after which the call goes on. */
async function runDocuments(world: World, call: Call, first: Source, whole: boolean): Promise<CallStatus> {
  let source = first
  for (let count = 0; count < documentLimit; count += 1) {
    const document = await load(world, call, source)
    if (!document) return apologise(world, call)
    const outcome = await runVerbs(sceneOf(world, call, document.url), document.verbs, whole)
    if (outcome.next !== 'document') return outcome.next === 'end' ? (outcome.status ?? 'completed') : 'completed'
    if (nowOn(world, call) - call.createdMs > longestCallMs) return 'completed'
    source = outcome.source
  }
  emit(call, { type: 'error', code: 12_100, message: `the call went through ${documentLimit} documents: it goes in circles` })
  return apologise(world, call)
}

function sceneOf(world: World, call: Call, url: string): Scene {
  return { world, call, url, converse: async (leg, source) => void (await runDocuments(world, leg, source, false)) }
}

async function runVerbs(scene: Scene, verbs: Element[], whole: boolean): Promise<Outcome> {
  const { world, call } = scene
  const [first] = verbs
  if (whole && call.direction === 'inbound' && call.answeredMs === null) {
    if (first?.name === 'Reject') return { next: 'end', status: first.attributes.reason === 'busy' ? 'busy' : 'no-answer' }
    progress(world, call, 'in-progress')
  }
  for (const verb of verbs) {
    const outcome = await runVerb(scene, verb)
    if (outcome.next !== 'verb') return outcome
  }
  return onward
}

const acts: Record<string, (scene: Scene, verb: Element) => Outcome | Promise<Outcome>> = {
  Say: say,
  Play: play,
  Pause: pause,
  Gather: (scene, verb) => gather(scene, verb, (element) => playAll(scene, element)),
  Record: record,
  Dial: dial,
  Redirect: (scene, verb) => goTo(scene, verb.text, verb.attributes.method, {}),
  Hangup: () => ({ next: 'end' }),
  Reject: () => ({ next: 'end' }),
  Leave: () => ({ next: 'end' }),
  Enqueue: enqueue,
  Start: start,
  Stop: () => onward,
  Connect: connect,
}

async function runVerb(scene: Scene, verb: Element): Promise<Outcome> {
  const act = acts[verb.name]
  if (act) return act(scene, verb)
  emit(scene.call, { type: 'error', code: 12_200, message: `<${verb.name}> is not a verb that is carried out here` })
  return onward
}

async function playAll(scene: Scene, element: Element): Promise<void> {
  for (const child of element.children) await runVerb(scene, child)
}

function loopsOf(verb: Element): number {
  const loops = numberOf(verb.attributes.loop, 1)
  return loops === 0 ? endlessLoop : Math.min(loops, endlessLoop)
}

async function say(scene: Scene, verb: Element): Promise<Outcome> {
  if (verb.text === '') return onward
  for (let n = loopsOf(verb); n > 0; n -= 1) await sayTo(scene, verb.text, verb.attributes.voice ?? 'man')
  return onward
}

async function pause(scene: Scene, verb: Element): Promise<Outcome> {
  await pass(scene.world, scene.call, numberOf(verb.attributes.length, 1) * 1000)
  return onward
}

async function play(scene: Scene, verb: Element): Promise<Outcome> {
  if (verb.attributes.digits) {
    await press(scene, verb.attributes.digits)
    return onward
  }
  const url = resolve(scene.url, verb.text)
  const media = await during(scene.call, fetchMedia(scene.world, url))
  if (typeof media === 'string') {
    emit(scene.call, { type: 'error', code: 11_200, message: `${url} cannot be played: ${media}` })
    return onward
  }
  const wav = readWav(media)
  for (let n = loopsOf(verb); n > 0; n -= 1) await sayTo(scene, wav?.words || `[audio ${url}]`, 'audio', wav?.durationMs ?? usualMediaMs)
  return onward
}

/** A queue here has no agents: the caller waits through one round of music and leaves it. */
async function enqueue(scene: Scene, verb: Element): Promise<Outcome> {
  const { world, call } = scene
  emit(call, { type: 'transfer', to: `queue:${verb.text}` })
  const startedMs = nowOn(world, call)
  if (verb.attributes.waitUrl)
    await runDocuments(
      world,
      call,
      {
        from: 'url',
        hook: { url: resolve(scene.url, verb.attributes.waitUrl), method: verb.attributes.waitUrlMethod ?? 'POST' },
        params: { QueuePosition: '1', QueueTime: '0' },
        fallback: null,
      },
      false,
    )
  else await pass(world, call, 10_000)
  if (!verb.attributes.action) return onward
  return goTo(scene, verb.attributes.action, verb.attributes.method, {
    QueueResult: 'leave',
    QueueSid: world.sid('QU'),
    QueueTime: String(Math.round((nowOn(world, call) - startedMs) / 1000)),
  })
}

function start(scene: Scene, verb: Element): Outcome {
  for (const child of verb.children) {
    if (child.name === 'Recording') startOnCall(scene, child)
    else emit(scene.call, { type: 'error', code: 31_920, message: `<Start><${child.name}> is not simulated here: nothing is streamed` })
  }
  return onward
}

// Media streams are the one thing not simulated: the call says so the way Twilio reports a stream that could not connect.
function connect(scene: Scene, verb: Element): Outcome {
  const child = verb.children[0]
  emit(scene.call, {
    type: 'error',
    code: child?.name === 'ConversationRelay' ? 64_102 : 31_920,
    message: `<Connect><${child?.name ?? ''}> is not simulated here: no WebSocket is opened`,
  })
  return verb.attributes.action ? goTo(scene, verb.attributes.action, verb.attributes.method, {}) : onward
}

/** The document, from its address or else from the fallback; null when neither will do. @throws Interrupted */
async function load(world: World, call: Call, source: Source): Promise<Document | null> {
  if (source.from === 'text') return read(call, source.twiml, source.url)
  const failed = await fetchDocument(world, call, source.hook.url, source.hook.method, source.params)
  if ('verbs' in failed) return failed
  emit(call, { type: 'error', ...failed })
  if (!source.fallback) return null
  const second = await fetchDocument(world, call, source.fallback.url, source.fallback.method, {
    ...source.params,
    ErrorCode: String(failed.code),
    ErrorUrl: source.hook.url,
  })
  if ('verbs' in second) return second
  emit(call, { type: 'error', ...second })
  return null
}

async function fetchDocument(
  world: World,
  call: Call,
  url: string,
  method: string,
  params: Record<string, string>,
): Promise<Document | { code: number; message: string }> {
  if (!/^https?:\/\//i.test(url)) return { code: 11_100, message: `"${url}" is not an address` }
  const exchange = await during(call, callHook(world, { url, method }, voiceFields(world.settings.accountSid, call, params)))
  call.exchanges.push(exchange)
  const refused = refusalOf(exchange)
  if (refused) return refused
  if (exchange.contentType.startsWith('text/plain'))
    return { verbs: [{ name: 'Say', attributes: {}, children: [], text: exchange.body.trim() }], url: exchange.url }
  try {
    return readDocument(call, exchange.body, exchange.url)
  } catch (error) {
    if (error instanceof TwimlError) return { code: error.code, message: error.message }
    throw error
  }
}

function refusalOf(exchange: Exchange): { code: number; message: string } | null {
  if (exchange.error !== null) return { code: 11_205, message: `HTTP connection failure at ${exchange.url}: ${exchange.error}` }
  if ((exchange.status ?? 0) >= 400 || (exchange.status ?? 0) < 200)
    return { code: 11_200, message: `HTTP retrieval failure at ${exchange.url}: status ${exchange.status}` }
  if (!/^(text\/(xml|html|plain)|application\/xml)\b/i.test(exchange.contentType))
    return { code: 12_300, message: `Invalid Content-Type "${exchange.contentType}"` }
  return null
}

function readDocument(call: Call, xml: string, url: string): Document {
  const { verbs, warnings } = parseTwiml(xml)
  for (const message of warnings) emit(call, { type: 'error', code: 12_200, message })
  return { verbs, url }
}

function read(call: Call, xml: string, url: string): Document | null {
  try {
    return readDocument(call, xml, url)
  } catch (error) {
    if (!(error instanceof TwimlError)) throw error
    emit(call, { type: 'error', code: error.code, message: error.message })
    return null
  }
}

/** The person hears that the application broke, and the call has failed. @throws Interrupted */
async function apologise(world: World, call: Call): Promise<CallStatus> {
  if (call.answeredMs === null && call.direction === 'inbound') progress(world, call, 'in-progress')
  await sayTo(sceneOf(world, call, ''), apology, 'man')
  return 'failed'
}
