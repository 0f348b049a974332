// Fails statements one after the other and gathers what there is to complain of.
import { beyondHttp } from './beyond-http.ts'
import { type Code, codes } from './faults.ts'
import { chainsOf, openGround } from './ground.ts'
import { elsewhere, isTolerable } from './known.ts'
import { overHttp } from './scenarios.ts'
import { statementNames } from './statements.ts'
import { discover, failOnce, type Reach } from './sweep.ts'

export interface Swept {
  readonly fired: number
  readonly complaints: readonly string[]
  /** Statements that nothing sends and nobody has a reason for. */
  readonly unreached: readonly string[]
  /** Statements that were reached and never failed, although they were to. */
  readonly spared: readonly string[]
}

export interface SweepOptions {
  /** Which statements, by their place in the alphabet. */
  readonly only: (index: number) => boolean
  /** In how many scenarios each of them fails. */
  readonly each: number
}

export async function sweepAll({ only, each }: SweepOptions): Promise<Swept> {
  const ground = await openGround()
  try {
    const reached = await discover(ground, [...overHttp(ground.arena), ...beyondHttp(ground.arena)])
    const sent = new Set(reached.map(({ statement }) => statement))
    const unreached = statementNames().filter((name) => !sent.has(name) && !(name in elsewhere))
    const complaints: string[] = []
    const spared: string[] = []
    let fired = 0
    for (const [index, statement] of [...sent].sort().entries()) {
      if (!only(index)) continue
      const found = await failEverywhere(
        ground,
        reached.filter((one) => one.statement === statement),
        each,
        index,
      )
      complaints.push(...found.complaints)
      fired += found.fired
      if (found.fired === 0) spared.push(statement)
    }
    complaints.push(...(await chainsOf(ground)))
    return { fired, complaints, unreached, spared }
  } finally {
    await ground.close()
  }
}

const kinds = [...Object.keys(codes), 'cut'] as Code[]

/** The same statement in several scenarios, each time with another error. */
async function failEverywhere(ground: Awaited<ReturnType<typeof openGround>>, reached: readonly Reach[], each: number, index: number) {
  const complaints: string[] = []
  let fired = 0
  for (const reach of reached) {
    if (fired >= each) break
    const code = kinds[(index + fired) % kinds.length] ?? 'cut'
    const outcome = await failOnce(ground, reach, code)
    if (outcome.fired) fired++
    const where = `${reach.scenario.name}, ${reach.statement}, ${code}`
    complaints.push(...outcome.complaints.map((text) => `${where}: ${text}`))
    if (outcome.tolerated && !isTolerable(reach.scenario.name, reach.statement)) complaints.push(`${where}: it failed and nobody was told`)
  }
  return { complaints, fired }
}
