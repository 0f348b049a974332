// npm run fuzz [-- --requests N] [--seed S] [--operation NAME] [--replay FILE]: our own generator over the OpenAPI
// documents against a server of its own. Ends with one line that says how it went; fails on a single odd answer, on
// memory that grows, and on an error that nobody caught.
import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openChecker } from '../tests/fuzz/checker.ts'
import { readDocument } from '../tests/fuzz/document.ts'
import { curlOf, growthOf, minimise, neverWell, readReplay, replayOf, tableOf } from '../tests/fuzz/report.ts'
import { bytesOf, type Made } from '../tests/fuzz/request.ts'
import { type Failure, run } from '../tests/fuzz/run.ts'
import type { Figures } from '../tests/fuzz/target.ts'
import { startTarget, type Target } from '../tests/fuzz/target-process.ts'
import { openWire } from '../tests/fuzz/wire.ts'

const { values } = parseArgs({
  options: { requests: { type: 'string' }, seed: { type: 'string' }, operation: { type: 'string' }, replay: { type: 'string' } },
})
const requests = Number(values.requests ?? 100_000)
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
if (!Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed)) {
  console.error('--requests and --seed are whole numbers.')
  process.exit(2)
}

async function runAll(server: Target): Promise<number> {
  const world = await server.world()
  const folder = mkdtempSync(join(tmpdir(), `patchbay-fuzz-${seed}-`))
  console.log(`seed ${seed}, ${requests} requests to ${world.url}`)
  if ((await fetch(`${world.url}/graphql`)).status === 404) console.log('/graphql is not served here: its queries are skipped')
  let early: Figures | null = null
  const started = performance.now()
  const ran = await run({
    world,
    seed,
    requests,
    ...(values.operation ? { only: values.operation } : {}),
    replenish: () => server.more(),
    async onRound(done) {
      if (done % 10_000 < 48) console.log(`${done} requests, ${Math.round(done / ((performance.now() - started) / 1000))} a second`)
      if (early === null && done >= requests / 5) early = await server.figures()
    },
    async onFailure(failure, again) {
      const least = await minimise(failure, again)
      const file = join(folder, `${failure.made.number}.json`)
      writeFileSync(file, replayOf(least, seed))
      console.log(describe(failure, least, world.url, file))
    },
  })
  const late = await server.figures()
  console.log(`\n${tableOf(ran)}\n`)
  const never = neverWell(ran)
  if (never.length > 0) console.log(`never answered well: ${never.join(', ')}`)
  const wrong = [early === null ? null : growthOf(early, late), ...late.uncaught.map((text) => `nobody caught: ${text}`)].filter(
    (line) => line !== null,
  )
  console.log(memoryLine(early ?? late, late))
  for (const line of [...new Set(late.errors.map((text) => text.slice(0, 1500)))].slice(0, 20)) console.log(`the server logged: ${line}`)
  for (const line of wrong) console.log(line)
  const { passed, failed } = ran.tally
  console.log(`${passed} passed, ${failed} failed`)
  return failed > 0 || wrong.length > 0 || passed === 0 ? 1 : 0
}

const memoryLine = (early: Figures, late: Figures): string =>
  `heap ${early.heapMiB.toFixed(1)} → ${late.heapMiB.toFixed(1)} MiB, resident ${early.rssMiB.toFixed(0)} → ${late.rssMiB.toFixed(0)} MiB, ` +
  `${late.cpuSeconds.toFixed(1)} s of the server's CPU, ${late.uncaught.length} errors that nobody caught`

const describe = ({ made, complaints, operation }: Failure, least: Made, url: string, file: string): string =>
  [
    `\nseed ${seed}, request ${made.number} (${made.kind}: ${made.note}) to ${operation}`,
    ...complaints.map((one) => `  ${one.class}: ${one.text}`),
    `  ${curlOf(made, url).slice(0, 1500)}`,
    `  the least that fails: ${curlOf(least, url).slice(0, 1000)}`,
    `  again on a new server: npm run fuzz -- --replay ${file}`,
  ].join('\n')

/** The tokens in the file are of a server that is gone: new ones take their places. */
async function replay(server: Target, made: Made): Promise<number> {
  const world = await server.world()
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as object
  const fresh: Made = {
    ...made,
    headers: made.headers.map(([name, value]) => [name, renewed(name, value)] as const),
  }
  function renewed(name: string, value: string): string {
    if (name === 'host') return new URL(world.url).host
    if (name === 'authorization' && /^Bearer ey[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return `Bearer ${world.tokens.admin}`
    return name === 'x-api-key' && value.length > 20 ? (world.keys.admin ?? value) : value
  }
  const wire = openWire(world.url)
  const answer = await wire.send(bytesOf(fresh), { method: fresh.method, alone: fresh.breaksFraming })
  wire.close()
  const complaints = openChecker(readDocument(document)).check(fresh, answer)
  console.log(curlOf(fresh, world.url).slice(0, 2000))
  console.log(answer ? `${answer.status} ${answer.body.toString('utf8').slice(0, 1000)}` : 'no answer')
  for (const one of complaints) console.log(`  ${one.class}: ${one.text}`)
  console.log(complaints.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed')
  return complaints.length === 0 ? 0 : 1
}

const target = await startTarget()
try {
  process.exitCode =
    values.replay === undefined ? await runAll(target) : await replay(target, readReplay(readFileSync(values.replay, 'utf8')))
} finally {
  await target.stop()
}
