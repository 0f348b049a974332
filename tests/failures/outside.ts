// Tries scenarios while somebody outside goes wrong, and judges what comes of it: a clean answer, nothing half done, and once
// the peer is well again the same is done.
import type { Answer } from '../hostile/judge.ts'
import type { OpenGround } from './ground.ts'
import type { Fault, OddPeer } from './odd-peer.ts'
import { changedTables } from './picture.ts'
import type { Scenario } from './scenarios.ts'
import { isReport, runWell } from './sweep.ts'

export interface Outside {
  readonly ground: OpenGround
  readonly peer: OddPeer
  /** The breakers before it, which are closed again after each fault. */
  readonly guards: readonly string[]
}

/** The names of the scenarios that ask the peer anything. @throws when one does not go well although the peer does */
export async function whoAsks({ peer }: Outside, scenarios: readonly Scenario[]): Promise<Scenario[]> {
  const asking: Scenario[] = []
  for (const scenario of scenarios) {
    await runWell(scenario, peer.asked)
    if (peer.asked().length > 0) asking.push(scenario)
  }
  return asking
}

export interface Failed {
  /** Null where it went well all the same. */
  readonly refusedWith: number | 'an error' | null
  readonly complaints: readonly string[]
}

export async function failOutside({ ground, peer, guards }: Outside, scenario: Scenario, fault: Fault): Promise<Failed> {
  const attempt = await scenario.prepare()
  const before = await ground.picture()
  peer.fault = fault
  const answer = await attempt.run().catch((error: Error) => error)
  peer.fault = null
  for (const name of guards) await ground.arena.house.house.guards.find(name)?.force('closed')
  if (!(answer instanceof Error) && answer.status < 400) return { refusedWith: null, complaints: [] }
  // What collects the bytes of an upload that comes to nothing is queued before they are sent.
  const changed = changedTables(before, await ground.picture()).filter((table) => table !== 'graphile_worker._private_jobs')
  const half = changed.length > 0 ? [`refused, and yet it wrote to ${changed.join(', ')}`] : []
  const second = await attempt.run().catch((error: Error) => error)
  const again = !(second instanceof Error) && second.status < 400 ? [] : [`again, it fails: ${wordsOf(second)}`]
  const said = answer instanceof Error ? [] : complaintsOf(ground, scenario, answer)
  return { refusedWith: answer instanceof Error ? 'an error' : answer.status, complaints: [...said, ...half, ...again] }
}

const wordsOf = (answer: Answer | Error): string => (answer instanceof Error ? answer.message : `${answer.status} ${answer.body}`)

function complaintsOf({ judge }: OpenGround, { operation }: Scenario, answer: Answer): string[] {
  const { status, headers, body } = answer
  if (operation && isReport(operation)) return []
  const found = [502, 503].includes(status) ? [] : [`${status}: ${body.slice(0, 200)}`]
  if (status === 503 && !headers['retry-after']) found.push('503 without Retry-After')
  if (/secret words/.test(body)) found.push(`says what the peer said: ${body}`)
  return [...found, ...(operation ? judge.any(operation, answer).filter((line) => !/^50[23]: /.test(line)) : [])]
}
