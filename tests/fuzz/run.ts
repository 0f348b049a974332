// A run: makes requests in rounds, sends them side by side, judges and learns from every answer in the requests' order,
// so that the same seed meets the same server with the same requests.
import { type Checker, type Class, type Complaint, openChecker } from './checker.ts'
import type { World } from './credentials.ts'
import { readDocument } from './document.ts'
import { type Memory, openMemory } from './memory.ts'
import { makeRequest } from './planner.ts'
import { bytesOf, type Kind, type Made } from './request.ts'
import { type Answer, openWire, type Wire } from './wire.ts'

export interface Failure {
  readonly made: Made
  readonly complaints: readonly Complaint[]
  readonly operation: string
}

export interface Tally {
  passed: number
  failed: number
  /** Operation → status → how often; `(none)` where no operation is. */
  readonly statuses: Map<string, Map<number, number>>
  readonly kinds: Map<Kind, number>
  /** The first of each sort. */
  readonly failures: Failure[]
}

export interface RunOptions {
  readonly world: World
  readonly seed: number
  readonly requests: number
  readonly only?: string
  /** Requests side by side. */
  readonly width?: number
  /** Told after each round; what it returns is waited for. */
  readonly onRound?: (done: number, tally: Tally) => Promise<void> | void
  /** New things to be hit, where earlier ones have been removed: asked for every thousand requests. */
  readonly replenish?: () => Promise<World['known']>
  readonly onFailure?: (failure: Failure, again: (made: Made) => Promise<Complaint[]>) => Promise<void>
}

export interface Ran {
  readonly tally: Tally
  /** Ids of the operations that were to be asked: all that the documents have, unless one was chosen. */
  readonly operations: readonly string[]
}

const replenishEvery = 1000
/** How many different failures are looked into; the rest is counted. */
const mostLookedInto = 40
/** Of those that look alike. */
const mostAlike = 3

export async function run(options: RunOptions): Promise<Ran> {
  const { world, seed, requests } = options
  const width = options.width ?? 48
  const answer = await fetch(`${world.url}/openapi.json`)
  const plan = readDocument((await answer.json()) as object)
  const memory = openMemory(plan.operations)
  for (const [contract, name, values] of world.known) memory.add(contract, name, ...values)
  const bench: Bench = { checker: openChecker(plan), memory, wire: openWire(world.url) }
  const tally: Tally = { passed: 0, failed: 0, statuses: new Map(), kinds: new Map(), failures: [] }
  const planning = { plan, world, memory, seed, ...(options.only ? { only: options.only } : {}) }
  // While a round is being answered the next is made: it knows what the rounds before that one have taught.
  let before: Round | null = null
  try {
    for (let first = 0; first < requests; first += width) {
      if (first % replenishEvery < width && first > 0)
        for (const [contract, name, values] of (await options.replenish?.()) ?? []) memory.add(contract, name, ...values)
      const made = Array.from({ length: Math.min(width, requests - first) }, (_, index) => makeRequest(planning, first + index))
      const round: Round = { made, outcomes: Promise.all(made.map((one) => ask(bench.wire, one))) }
      if (before) await judgeRound(bench, tally, options, before)
      before = round
      await options.onRound?.(first, tally)
    }
    if (before) await judgeRound(bench, tally, options, before)
  } finally {
    bench.wire.close()
  }
  const { only = '' } = options
  return { tally, operations: plan.operations.map(({ id }) => id).filter((id) => id.endsWith(only)) }
}

interface Round {
  readonly made: readonly Made[]
  readonly outcomes: Promise<readonly Outcome[]>
}

async function judgeRound(bench: Bench, tally: Tally, options: RunOptions, { made, outcomes }: Round): Promise<void> {
  const answers = await outcomes
  for (const [index, one] of made.entries()) await judge(bench, tally, options, one, answers[index] ?? null)
}

interface Bench {
  readonly checker: Checker
  readonly memory: Memory
  readonly wire: Wire
}

type Outcome = Answer | null | Error

/** The answer, the lack of one, or what stood in its way. */
async function ask(wire: Wire, made: Made): Promise<Outcome> {
  try {
    return await wire.send(bytesOf(made), { method: made.method, alone: made.breaksFraming })
  } catch (error) {
    return error as Error // told as a complaint about this request
  }
}

async function judge({ checker, memory, wire }: Bench, tally: Tally, options: RunOptions, made: Made, outcome: Outcome): Promise<void> {
  const complaints = complaintsOf(checker, made, outcome)
  const operation = checker.reached(made)
  count(tally.kinds, made.kind)
  if (outcome && !(outcome instanceof Error)) {
    const name = operation?.id ?? '(none)'
    const row = tally.statuses.get(name) ?? new Map<number, number>()
    tally.statuses.set(name, row)
    count(row, outcome.status)
    if (operation) learn(memory, checker, made, outcome)
  }
  if (complaints.length === 0) return void tally.passed++
  tally.failed++
  const failure: Failure = { made, complaints, operation: operation?.id ?? '(none)' }
  if (tally.failures.length >= mostLookedInto || tally.failures.filter((known) => alike(known, failure)).length >= mostAlike) return
  tally.failures.push(failure)
  await options.onFailure?.(failure, async (changed) => complaintsOf(checker, changed, await ask(wire, changed)))
}

/** Of the same class, with the same first words: mostly of the same cause. */
const alike = (one: Failure, other: Failure): boolean => classOf(one) === classOf(other) && startOf(one) === startOf(other)
const startOf = ({ complaints }: Failure): string | undefined => complaints[0]?.text.slice(0, 12)
export const classOf = ({ complaints }: Pick<Failure, 'complaints'>): Class | undefined => complaints[0]?.class

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function complaintsOf(checker: Checker, made: Made, outcome: Outcome): Complaint[] {
  if (outcome instanceof Error) return [{ class: 'no answer', text: outcome.message }]
  return checker.check(made, outcome)
}

function learn(memory: Memory, checker: Checker, made: Made, answer: Answer): void {
  const operation = checker.reached(made)
  if (!operation || answer.status >= 400) return
  const type = answer.headers['content-type'] ?? ''
  const text = answer.body.toString('utf8')
  if (operation.signed) {
    const call = /CallSid=(\w+)/.exec(made.body?.toString('latin1') ?? '')?.[1]
    const turn = /collect\?turn=(\d+)/.exec(text)?.[1]
    if (call && turn) memory.add(operation.contract, `turn of ${call}`, Number(turn))
  }
  const json: unknown = type.startsWith('application/json') ? parsed(text) : null
  memory.learn(operation, { status: answer.status, location: answer.headers.location ?? null, json })
}

/** What is no JSON has been complained of, and teaches nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // the checker has said so
  }
}
