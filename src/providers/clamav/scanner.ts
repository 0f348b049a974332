// ClamAV behind the port of files, and behind one guard. A scanner that is away, slow, or says what is no verdict is
// scanner_unavailable for whoever uploads; the operator reads the reason in the log.
import type { Readable } from 'node:stream'
import type { MalwareScanner } from '../../domain/files/index.ts'
import { type Code, Refusal } from '../../platform/errors/index.ts'
import type { Guard, Guards } from '../../platform/resilience/index.ts'
import type { Log } from '../../platform/session/index.ts'
import { addressOf, askClamd } from './clamd.ts'

/** There whether it is configured or not: its breaker is listed either way. */
export const clamavGuard = (guards: Guards, { timeoutS }: { readonly timeoutS: number }): Guard =>
  guards.guard('clamav', {
    timeoutMs: timeoutS * 1000,
    retries: 0, // one that was too slow would be too slow again
    breaker: { failures: 5, halfOpenAfterMs: 5_000 },
    outage: (error) => isRefused(error, 'scanner_unavailable', 'provider_timeout'), // and not a store that is away
  })

const isRefused = (error: unknown, ...codes: Code[]): error is Refusal => error instanceof Refusal && codes.includes(error.code)

export function clamavScanner(url: string, guard: Guard, log: Log): MalwareScanner {
  const at = addressOf(url)
  const ask = (open: () => Promise<Readable>, isPatient: boolean) =>
    guard.call(async (signal) => askClamd(at, { body: await open(), signal, isPatient }))
  return {
    scan: async (open) => {
      try {
        // When clamd breaks in and hangs up, its words may be lost to what was sent meanwhile.
        return await ask(open, false).catch((error: unknown) =>
          isRefused(error, 'scanner_unavailable') ? ask(open, true) : Promise.reject(error),
        )
      } catch (error) {
        if (!isRefused(error, 'scanner_unavailable', 'provider_timeout', 'circuit_open')) throw error
        if (error.code !== 'circuit_open') log.warn({ service: guard.name, err: error }, 'a file could not be searched for malware')
        const retryAfter = error.details.headers?.['retry-after'] ?? '5'
        throw new Refusal('scanner_unavailable', { cause: error, headers: { 'retry-after': retryAfter } })
      }
    },
  }
}
