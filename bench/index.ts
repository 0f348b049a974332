// npm run bench: bare node:http, Express over pg, and Patchbay, side by side in one run on one PostgreSQL; then the time
// of a voice turn with 200 calls on the line. `--json` prints the figures, `--compare` fails when a ratio got worse than
// bench/baseline.json beyond the noise, `--write` makes this run the baseline.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { CallersInput, CallersJob, CallersResult } from './callers.ts'
import { type Child, type Figures, startChild } from './children.ts'
import { type Contender, type Ratio, type Results, ratiosOf, regressions } from './results.ts'
import { type Measured, measure, type Scenario, scenariosOf } from './scenarios.ts'
import { show } from './show.ts'
import { openWorld, twilioToken, type World } from './world.ts'

const baselineFile = fileURLToPath(new URL('baseline.json', import.meta.url))
const effort = { connections: 16, warmUpMs: 1000, durationMs: 2500 }
/** A caller's sentence and the assistant's last longer than this in truth: the line is busier here. */
const talking: CallersJob = { calls: 200, talkMs: 2500, durationMs: 7500 }
const flood: CallersJob = { calls: 200, talkMs: 0, durationMs: 3000 }

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, compare: { type: 'boolean' }, write: { type: 'boolean' } },
})

const { world, close } = await openWorld()
try {
  const scenarios = scenariosOf(world)
  const results = await runAll(world, scenarios)
  console.log(values.json ? JSON.stringify(results, null, 2) : show(results, scenarios))
  if (values.write) writeFileSync(baselineFile, `${JSON.stringify(ratiosOf(results), null, 2)}\n`)
  if (values.compare) compare(ratiosOf(results))
} finally {
  await close()
}

async function runAll(world: World, scenarios: readonly Scenario[]): Promise<Results> {
  const generator = await startChild('load.ts', {})
  const patchbay = await startChild('contenders/patchbay.ts', world)
  try {
    const bodies = await bodiesOf(patchbay, scenarios)
    const ours = await measureAll(patchbay, generator, scenarios)
    const voice = await ring(patchbay, world)
    const express = await measureNew('contenders/express.ts', world, generator, scenarios)
    const bare = await measureNew('contenders/bare.ts', { bodies }, generator, scenarios)
    const byScenario = scenarios.map(({ name }, index) => [name, at({ bare, express, patchbay: ours }, index)])
    return { http: Object.fromEntries(byScenario), voice }
  } finally {
    await Promise.all([generator.stop(), patchbay.stop()])
  }
}

/** What Patchbay answers, for the floor to say the same. */
async function bodiesOf(server: Child, scenarios: readonly Scenario[]): Promise<Record<string, unknown>> {
  const { port } = await server.ask<Figures>({})
  const bodies = scenarios.map(async ({ path, headers }): Promise<[string, unknown]> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    return [path, await response.json()]
  })
  return Object.fromEntries(await Promise.all(bodies))
}

async function measureAll(server: Child, generator: Child, scenarios: readonly Scenario[]): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const scenario of scenarios) measured.push(await measure(server, generator, scenario, effort))
  return measured
}

async function measureNew(file: string, input: object, generator: Child, scenarios: readonly Scenario[]): Promise<Measured[]> {
  const server = await startChild(file, input)
  try {
    return await measureAll(server, generator, scenarios)
  } finally {
    await server.stop()
  }
}

function at(all: Readonly<Record<Contender, readonly Measured[]>>, index: number): Record<Contender, Measured> {
  const { bare, express, patchbay } = { bare: all.bare[index], express: all.express[index], patchbay: all.patchbay[index] }
  if (!bare || !express || !patchbay) throw new Error('a scenario was not run for every contender')
  return { bare, express, patchbay }
}

async function ring(server: Child, { phoneNumber }: World): Promise<Results['voice']> {
  const { port } = await server.ask<Figures>({})
  const input: CallersInput = { port, phoneNumber, authToken: twilioToken }
  const callers = await startChild('callers.ts', input)
  try {
    await callers.ask<CallersResult>({ ...talking, calls: 20, talkMs: 0, durationMs: 500 }) // warm
    const before = await server.ask<Figures>({})
    const talked = await callers.ask<CallersResult>(talking)
    const after = await server.ask<Figures>({})
    const cpuMicrosPerTurn = (after.cpuMicros - before.cpuMicros) / talked.taken
    return { talking: talked, flood: await callers.ask<CallersResult>(flood), cpuMicrosPerTurn }
  } finally {
    await callers.stop()
  }
}

function compare(now: readonly Ratio[]): void {
  const worse = regressions(now, JSON.parse(readFileSync(baselineFile, 'utf8')) as Ratio[])
  for (const line of worse) console.error(`✗ ${line}`)
  if (worse.length > 0) process.exitCode = 1
  else console.error('✓ nothing is slower than the baseline, beyond the noise')
}
