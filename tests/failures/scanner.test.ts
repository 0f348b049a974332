// P14: files are shown to a scanner for malware, and it goes wrong. Whoever uploads hears so cleanly, nothing that was not searched
// is kept, and once it is well again the same file is. Nobody else asks it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultProxy } from '../support/fault-proxy.ts'
import { startTestSandbox } from '../support/sandbox.ts'
import { beyondHttp } from './beyond-http.ts'
import { chainsOf, type OpenGround, openGround } from './ground.ts'
import type { Fault } from './odd-peer.ts'
import { failOutside, type Outside, whoAsks } from './outside.ts'
import { overHttp, type Scenario } from './scenarios.ts'

interface ScannerGround extends Outside {
  readonly ground: OpenGround
  readonly scenarios: readonly Scenario[]
  close(): Promise<void>
}

let outside: ScannerGround
beforeAll(async () => {
  outside = await openScannerGround()
})
afterAll(() => outside?.close())

/** The sandbox's clamd behind a proxy that goes wrong. */
async function openScannerGround(): Promise<ScannerGround> {
  const sandbox = await startTestSandbox()
  const proxy = await faultProxy(Number(new URL(sandbox.clamdUrl).port))
  const url = `clamd://127.0.0.1:${proxy.port}`
  const env = { MALWARE_SCANNER: url, MALWARE_SCANNER_TIMEOUT_S: '2' }
  const ground = await openGround({ env })
  const answers: string[] = []
  const lies: Partial<Record<Fault, (answer: Buffer) => Buffer>> = {
    nonsense: () => Buffer.from('secret words\0'),
    nothing: () => Buffer.from('\0'),
    'cut off': (answer) => answer.subarray(0, 9),
  }
  const peer = {
    url,
    get fault(): Fault | null {
      return null
    },
    set fault(fault: Fault | null) {
      proxy.mode = fault === 'reset' ? 'refuse' : fault === 'silence' ? 'silent' : 'pass'
      proxy.lie = (fault && lies[fault]) ?? heard
    },
    asked: () => answers.splice(0),
    close: () => proxy.stop(),
  }
  const heard = (answer: Buffer): Buffer => {
    answers.push(answer.toString())
    return answer
  }
  peer.fault = null
  return {
    ground,
    peer,
    guards: ['clamav'],
    scenarios: [...overHttp(ground.arena), ...beyondHttp(ground.arena)],
    async close() {
      await ground.close()
      await proxy.stop()
      await sandbox.stop()
    },
  }
}

const outages: readonly Fault[] = ['reset', 'nonsense', 'nothing', 'cut off', 'silence']
test.each(outages)(
  'when the scanner’s answer is %s, an upload ends in 503 with nothing half done, and goes well when sent again',
  async (fault) => {
    const scenario = outside.scenarios.find(({ name }) => name === 'blobs.create')
    if (!scenario) return expect.unreachable()
    expect(await failOutside(outside, scenario, fault)).toEqual({ refusedWith: 503, complaints: [] })
  },
)

test('whoever uploads asks the scanner, and what calls leave behind does not', async () => {
  const files = outside.scenarios.filter(({ name }) => /^blobs\.|recordings\.fetch|voicemail\.store/.test(name))
  expect(files.length).toBeGreaterThan(4)
  expect((await whoAsks(outside, files)).map(({ name }) => name)).toContain('blobs.create')
  expect(
    (
      await whoAsks(
        outside,
        files.filter(({ name }) => name.startsWith('the job')),
      )
    ).map(({ name }) => name),
  ).toEqual([])
})

test('after all of it no organisation’s events have a hole, and the audit log is whole', async () => {
  expect(await chainsOf(outside.ground)).toEqual([])
})
