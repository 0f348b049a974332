// The keys of an issuer that publishes them. What is known stays in force while the set is unreachable, slow or
// poisoned, and nobody who shows a known key waits for it; an unknown one asks for it at most once per cool-down.
import type { CryptoKey } from 'jose'
import type { Log } from '../session/index.ts'
import type { Clock } from '../time/index.ts'
import { largestKeySetBytes, readKeySet } from './published-keys.ts'
import { rarely } from './rarely.ts'

const cooldownMs = 10_000
const freshForMs = 10 * 60_000
/** What its issuer has not confirmed for so long is not trusted any more. */
const trustedForMs = 24 * 3_600_000

export interface KeySet {
  find(kid: string): Promise<CryptoKey | null>
  /** Whether a key is still among them: asked of tokens that were verified before. Never waits. */
  holds(kid: string): boolean
}

export interface KeySetOptions {
  /** The set's text, in bounded time and size. */
  readonly load: () => Promise<string>
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

export function openKeySet({ load, clock, log }: KeySetOptions): KeySet {
  let keys: ReadonlyMap<string, CryptoKey> = new Map()
  let confirmedAt = Number.NEGATIVE_INFINITY
  const age = () => Math.abs(clock.now().getTime() - confirmedAt)

  const refresh = rarely(
    async () => {
      const asked = clock.now().getTime()
      try {
        keys = await readKeySet(await load())
        confirmedAt = asked
      } catch (error) {
        // Whoever waits for an unknown key is refused; the others go on with what is known.
        log.warn({ err: error }, 'the key set of a trusted issuer could not be read')
      }
    },
    cooldownMs,
    clock,
  )
  const known = (kid: string): CryptoKey | null => {
    const key = keys.get(kid)
    if (!key) return null
    if (age() >= freshForMs) void refresh()
    return age() < trustedForMs ? key : null
  }

  return {
    async find(kid) {
      const key = known(kid)
      if (key) return key
      await refresh()
      return known(kid)
    },
    holds: (kid) => known(kid) !== null,
  }
}

/** Follows no redirect: the keys are where the operator said, or nowhere. @throws when the answer is no 200 or too large */
export async function fetchKeySet(url: URL, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/jwk-set+json, application/json' } })
  if (response.status !== 200 || !response.body) {
    await response.body?.cancel()
    throw Object.assign(new Error(`the key set answered ${response.status}`), { status: response.status })
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > largestKeySetBytes) throw new Error(`the key set is larger than ${largestKeySetBytes} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}
