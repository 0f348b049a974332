// npm run bench: every hard number in one run, ours beside the references, on a PostgreSQL of its own. `--only http,list`
// runs some sections, `--json` prints the figures, `--install` gets the references that are no packages of the project.
// `--compare` says what costs more than in bench/baseline.json beyond the noise (and fails with `--strict` alone: it is a
// report), `--write` makes this run the baseline.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { install } from './contenders.ts'
import { machineNow, showMachine } from './machine.ts'
import { type Baseline, comparison, keptCosts, type Section } from './results.ts'
import { chosen, sections } from './sections.ts'
import { showTargets } from './show.ts'
import { openWorld } from './world.ts'
import { yardstickOf, yardstickSlices } from './yardstick.ts'

const baselineFile = fileURLToPath(new URL('baseline.json', import.meta.url))
const flag = { type: 'boolean', default: false } as const
const { values } = parseArgs({
  options: { only: { type: 'string' }, json: flag, compare: flag, strict: flag, write: flag, install: flag },
})
/** Where people read; with `--json` the figures alone are on standard output. */
const say = values.json ? console.error : console.log

if (values.install) install()
else await run(chosen(values.only))

async function run(names: readonly string[]): Promise<void> {
  const machine = machineNow()
  say(showMachine(machine))
  const slices = await yardstickSlices(5)
  const results = new Map<string, Section>()
  for (const name of names) {
    const section = sections[name]
    if (!section) continue
    say(`\n${section.title}  (--only ${name})`)
    const result = await alone(section.run)
    for (const line of result.lines) say(line)
    results.set(name, result)
    slices.push(...(await yardstickSlices(3)))
  }
  const yardstick = yardstickOf(slices)
  const all = [...results.values()]
  const now: Baseline = { machine, yardstick, costs: all.flatMap(({ costs }) => costs) }
  say(`\nTargets\n${showTargets(all.flatMap(({ targets }) => targets))}`)
  if (values.json) {
    const figures = Object.fromEntries([...results].map(([name, result]) => [name, result.figures]))
    console.log(JSON.stringify({ ...now, targets: all.flatMap(({ targets }) => targets), figures }, null, 2))
  }
  if (values.compare) compare(now)
  if (values.write) write(now)
}

/** Each section has a database of its own: what one leaves behind does not slow the next. */
async function alone(work: (typeof sections)[string]['run']): Promise<Section> {
  const { world, close } = await openWorld()
  try {
    return await work(world)
  } finally {
    await close()
  }
}

function readBaseline(): Baseline {
  return JSON.parse(readFileSync(baselineFile, 'utf8')) as Baseline
}

function compare(now: Baseline): void {
  const before = readBaseline()
  const { worse, compared } = comparison(now, before)
  say(`\nBeside the baseline of ${before.machine.at.slice(0, 10)} (${showMachine(before.machine)})`)
  for (const line of worse) say(`  ✗ ${line}`)
  if (worse.length === 0) say(`  ✓ of ${compared} costs, none is more than the baseline's beyond the noise`)
  if (worse.length > 0 && values.strict) process.exitCode = 1
}

/** A run of some sections replaces those costs and keeps the others. */
function write(now: Baseline): void {
  const kept = values.only === undefined ? [] : keptCosts(readBaseline(), now)
  if (kept.length > 0) say(`\nKept from the last baseline: ${kept.map(({ name }) => name).join(', ')}`)
  writeFileSync(baselineFile, `${JSON.stringify({ ...now, costs: [...now.costs, ...kept] }, null, 2)}\n`)
}
