// Tries every scenario once as it should go, to learn which statements it sends; then once for each of them, with that
// statement failing, and judges what comes of it: a clean answer, nothing half done, and a second attempt that goes well.
import type { Arena } from '../hostile/arena.ts'
import type { Answer, HostileJudge } from '../hostile/judge.ts'
import type { Operation } from '../isolation/operations.ts'
import type { Code, Faults } from './faults.ts'
import { changedTables, type Picture } from './picture.ts'
import type { Attempt, Scenario } from './scenarios.ts'

export interface Ground {
  readonly arena: Arena
  readonly faults: Faults
  readonly judge: HostileJudge
  readonly picture: () => Promise<Picture>
}

export interface Reach {
  readonly scenario: Scenario
  readonly statement: string
}

/** As it should go; `begin` is called when all is prepared. @throws when it does not go well */
export async function runWell(scenario: Scenario, begin: () => unknown): Promise<void> {
  const attempt = await scenario.prepare()
  begin()
  const { status, body } = await attempt.run()
  if (status >= 400 && !scenario.refused && scenario.name !== 'hello.stream')
    throw new Error(`${scenario.name} answered ${status}: ${body}`)
}

/** Which statement each scenario sends. @throws when a scenario does not go well by itself */
export async function discover({ faults }: Ground, scenarios: readonly Scenario[]): Promise<Reach[]> {
  const reached: Reach[] = []
  for (const scenario of scenarios) {
    await runWell(scenario, faults.sent)
    reached.push(...faults.sent().map((statement) => ({ scenario, statement })))
  }
  return reached
}

/** What goes in steps, each of which may be taken again: a job that rang somebody must not forget that it did. */
const inSteps = new Set([
  'the job calls.place',
  'the job recordings.fetch',
  'the job voicemail.store',
  // The carrier has done it, and says so again when it is asked again.
  'calls.hangup',
  'calls.transfer',
  'calls.hold',
])
/** Bytes that no row stands for are collected by a job. */
const leftBehind = new Set([
  'blobs.create graphile_worker._private_jobs',
  // Under a key the answer is kept whatever it is (P7), this one too.
  'appointments.create under an idempotency key platform.idempotent_answers',
])
/** Reports of health answer in their own words, also when they have nothing good to say. */
export const isReport = ({ endpoint }: Operation): boolean => /^(hello|health)\./.test(endpoint.operation)

export type Outcome = { readonly fired: boolean; readonly tolerated: boolean; readonly complaints: readonly string[] }

/** One statement of one scenario fails once. */
export async function failOnce(ground: Ground, { scenario, statement }: Reach, code: Code): Promise<Outcome> {
  const { faults, picture } = ground
  const attempt = await scenario.prepare()
  const before = await picture()
  faults.arm(statement, code)
  const answer = await outcomeOf(attempt)
  if (!faults.fired()) return { fired: false, tolerated: false, complaints: [] }
  const said = answer instanceof Error ? complaintsOfError(answer, code) : complaintsOfAnswer(ground, scenario, answer, code)
  const tolerated = !(answer instanceof Error) && answer.status < 400
  const changed =
    tolerated || inSteps.has(scenario.name)
      ? []
      : changedTables(before, await picture()).filter((table) => !leftBehind.has(`${scenario.name} ${table}`))
  const half = changed.length > 0 ? [`refused, and yet it wrote to ${changed.join(', ')}`] : []
  const kept = scenario.name.endsWith('under an idempotency key') && code === 'XX000'
  return { fired: true, tolerated, complaints: [...said, ...half, ...(tolerated || kept ? [] : await again(scenario, attempt))] }
}

const outcomeOf = (attempt: Attempt): Promise<Answer | Error> => attempt.run().catch((error: Error) => error)

async function again({ refused = false }: Scenario, attempt: Attempt): Promise<string[]> {
  const second = await outcomeOf(attempt)
  if (second instanceof Error) return [`again, it fails: ${second.message}`]
  return second.status < 400 || second.status === 404 || (refused && second.status === 401)
    ? []
    : [`again, it is ${second.status}: ${second.body.slice(0, 200)}`]
}

/** A job, or a command, that says that it did not go well is tried again by whoever runs it. */
const complaintsOfError = (error: Error, code: Code): string[] =>
  code === 'XX000' || (error as { code?: string }).code === 'database_unavailable'
    ? []
    : [`failed as ${(error as { code?: string }).code}: ${error.message}`]

function complaintsOfAnswer({ judge }: Ground, scenario: Scenario, answer: Answer, code: Code): string[] {
  const { operation } = scenario
  const { status, headers, body } = answer
  if (status < 400 || (operation && isReport(operation) && status === 503)) return []
  const wanted = code === 'XX000' ? 500 : 503
  const found = status === wanted ? [] : [`${status} instead of ${wanted}: ${body.slice(0, 200)}`]
  if (status === 503 && !headers['retry-after']) found.push('503 without Retry-After')
  if (/secret words|failing|raise/i.test(body)) found.push(`says what went wrong inside: ${body}`)
  const words = operation ? judge.any(operation, answer).filter((line) => !/^50[03]: /.test(line)) : []
  return [...found, ...words]
}
