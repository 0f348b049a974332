// One call as its carrier carries it: it fetches what to do next, does it, posts what came of it, and reports how the call
// stands: late, twice, in the wrong order, or never. A repeated post must be answered with the same words.
import type { Element } from '../../sandbox/twilio/twiml.ts'
import { parseTwiml } from '../../sandbox/twilio/twiml.ts'
import { type Caller, reply } from './caller.ts'
import type { Organization } from './model.ts'
import type { CarrierCall } from './office.ts'
import type { Random } from './random.ts'
import { note, nowOf, type Scene } from './scene.ts'
import type { Actor } from './timeline.ts'
import { broken } from './violation.ts'

export interface Line {
  readonly scene: Scene
  readonly organization: Organization
  readonly call: CarrierCall
  readonly caller: Caller
  readonly random: Random
  /** Told of each answer, while the clock still stands where it was given. */
  readonly onAnswer: (text: string) => Promise<void>
  recording: { readonly sid: string; readonly startedAt: number; readonly path: string } | null
  turns: number
}

type Form = Readonly<Record<string, string>>

const mostTurns = 16
const tens = (random: Random, from: number, to: number): number => random.int(from, to) * 10

export const pathOf = ({ world }: Scene, address: string): string => address.replace(world.url, '')

const formOf = ({ call }: Line, more: Form): Form => ({
  AccountSid: 'AC1',
  CallSid: call.sid,
  From: call.from,
  To: call.to,
  Direction: call.direction === 'inbound' ? 'inbound' : 'outbound-api',
  CallStatus: call.status,
  ...more,
})

async function ask(line: Line, path: string, more: Form = {}): Promise<Element[]> {
  const { scene, random } = line
  const form = formOf(line, more)
  const answer = await scene.wire.post(path, form)
  if (random.chance(0.08) && path.includes('turn=')) {
    const again = await scene.wire.post(path, form)
    if (again.text !== answer.text)
      broken('a repeated post was answered with other words', { path, form, first: answer.text, again: again.text })
  }
  await line.onAnswer(answer.text)
  const { verbs, warnings } = parseTwiml(answer.text)
  if (warnings.length > 0) broken('the carrier was answered with TwiML that it does not know', { warnings, text: answer.text })
  return verbs
}

/** From the first answer to the end of the conversation. */
export async function* converse(line: Line, path: string): Actor {
  const { call, scene } = line
  let verbs = await ask(line, path, { CallStatus: call.direction === 'inbound' ? 'ringing' : 'in-progress' })
  if (verbs[0]?.name === 'Reject') return void end(line, 'failed')
  call.status = 'in-progress'
  call.startedAt = nowOf(scene)
  for (;;) {
    const next = yield* perform(line, verbs)
    const { wish } = call
    call.wish = null
    if (wish ? 'end' in wish : !next) return
    if (wish && 'url' in wish) verbs = await ask(line, pathOf(scene, wish.url))
    else if (next) verbs = await ask(line, next.path, next.form)
  }
}

export function end({ call, scene }: Pick<Line, 'call' | 'scene'>, status: string): void {
  call.status = status
  call.endedAt = nowOf(scene)
  call.durationS = status === 'completed' && call.startedAt !== null ? Math.round((call.endedAt - call.startedAt) / 1000) : 0
}

interface Next {
  readonly path: string
  readonly form: Form
}

async function* perform(line: Line, verbs: Element[]): AsyncGenerator<number, Next | null, undefined> {
  for (const verb of verbs) {
    switch (verb.name) {
      case 'Start':
        await beginRecording(line, verb)
        break
      case 'Gather': {
        const heard = await gather(line, verb)
        yield tens(line.random, 1, 3)
        return heard
      }
      case 'Record':
        return yield* leaveMessage(line, verb)
      case 'Dial':
        return yield* dial(line, verb)
      case 'Hangup':
        return null
      case 'Pause':
        yield 60
        break
      default:
        break
    }
  }
  return null
}

async function gather(line: Line, { attributes, text }: Element): Promise<Next | null> {
  const { random, caller, scene } = line
  line.turns += 1
  if (line.turns > mostTurns) return null
  const said = reply(caller, text, random)
  if ('hangUp' in said) return null
  const path = pathOf(scene, attributes.action ?? '')
  if ('silent' in said) return { path, form: {} }
  if ('press' in said) return { path, form: { Digits: said.press } }
  return { path, form: { SpeechResult: said.say, Confidence: String(random.int(30, 99) / 100) } }
}

async function beginRecording(line: Line, verb: Element): Promise<void> {
  const { scene, random } = line
  const path = pathOf(scene, verb.children[0]?.attributes.recordingStatusCallback ?? '')
  line.recording = { sid: sidFrom(random, 'RE'), startedAt: nowOf(scene), path }
  if (random.chance(0.8)) await postRecording(line, 'in-progress')
}

export const sidFrom = (random: Random, prefix: string): string =>
  prefix + Array.from({ length: 32 }, () => random.int(0, 15).toString(16)).join('')

async function postRecording({ scene, call, recording }: Line, status: string): Promise<void> {
  if (!recording) return
  await scene.wire.post(recording.path, {
    AccountSid: 'AC1',
    CallSid: call.sid,
    RecordingSid: recording.sid,
    RecordingStatus: status,
    RecordingStartTime: new Date(recording.startedAt).toUTCString(),
    RecordingChannels: '2',
  })
}

async function* leaveMessage(line: Line, { attributes }: Element): AsyncGenerator<number, Next | null, undefined> {
  const { scene, random, call } = line
  if (random.chance(0.3)) return null
  const seconds = tens(random, 1, 6)
  yield seconds
  const sid = sidFrom(random, 'RE')
  scene.world.office.recordings.set(sid, { durationS: seconds, ready: true })
  const about = { CallSid: call.sid, RecordingSid: sid, RecordingStatus: 'completed', RecordingDuration: String(seconds) }
  const tell = () => scene.wire.post(pathOf(scene, attributes.recordingStatusCallback ?? ''), about)
  await tell()
  if (random.chance(0.2)) await tell()
  note(scene, line.organization, `message ${call.from} ${seconds}`, 'left')
  return { path: pathOf(scene, attributes.action ?? ''), form: { RecordingSid: sid, RecordingDuration: String(seconds) } }
}

async function* dial(line: Line, verb: Element): AsyncGenerator<number, Next | null, undefined> {
  const { scene, random, call } = line
  const [number] = verb.children
  const sid = sidFrom(random, 'CA')
  const report = (status: string) =>
    scene.wire.post(pathOf(scene, number?.attributes.statusCallback ?? ''), {
      ...formOf(line, { CallSid: sid, ParentCallSid: call.sid, To: number?.text ?? '', CallStatus: status }),
      Timestamp: new Date(nowOf(scene)).toUTCString(),
    })
  if (random.chance(0.9)) await report('initiated')
  yield tens(random, 1, 2)
  const outcome = random.pick(['completed', 'completed', 'no-answer', 'busy'])
  if (outcome === 'completed') {
    await report('in-progress')
    yield tens(random, 1, 30)
  }
  if (random.chance(0.9)) await report(outcome)
  return { path: pathOf(scene, verb.attributes.action ?? ''), form: { DialCallSid: sid, DialCallStatus: outcome } }
}

/** How the call ended, told as carriers tell it. */
export async function* report(line: Line, path: string): Actor {
  const { scene, organization, call, random } = line
  const told = async (status: string, more: Form = {}) => {
    await scene.wire.post(
      path,
      formOf(line, { CallStatus: status, Timestamp: new Date(call.endedAt ?? nowOf(scene)).toUTCString(), ...more }),
    )
  }
  const final = () => told(call.status, { CallDuration: String(call.durationS ?? 0) })
  const how = random.weighted({ plain: 55, late: 12, twice: 10, disordered: 10, lost: 8, corrected: 5 })
  if (how === 'late') yield tens(random, 30, 2_000)
  if (how === 'corrected') {
    // The end is known before its time and its length are: what was billed by then is put right.
    yield tens(random, 6, 60)
    await scene.wire.post(path, formOf(line, {}))
  }
  if (how !== 'lost') await final()
  if (how === 'twice') await final()
  if (how === 'disordered')
    for (const status of ['in-progress', 'ringing'])
      await told(status, { Timestamp: new Date(call.startedAt ?? nowOf(scene)).toUTCString() })
  note(scene, organization, `ended ${call.from} ${call.status} ${call.durationS}`, how)
  if (!line.recording) return
  scene.world.office.recordings.set(line.recording.sid, { durationS: call.durationS ?? 0, ready: true })
  const recorded = random.weighted({ completed: 80, absent: 8, late: 12 })
  if (recorded === 'late') yield tens(random, 30, 500)
  await postRecording(line, recorded === 'absent' ? 'absent' : 'completed')
  if (random.chance(0.1)) await postRecording(line, 'in-progress')
}
