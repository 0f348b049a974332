// The sandbox's numbers with a meaning, asked of the sandbox itself. A server that works with a real provider has none.
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Guard } from '../../platform/resilience/index.ts'
import type { Log } from '../../platform/session/index.ts'

const Listed = Type.Object({ numbers: Type.Array(Type.Object({ number: Type.String(), does: Type.String() })) })
export interface MagicNumber {
  readonly number: string
  readonly does: string
}

/** Null when there is no sandbox at the address, or nothing that looks like one. */
export async function listMagicNumbers(baseUrl: string, guard: Guard, log: Log): Promise<readonly MagicNumber[] | null> {
  try {
    const listed = await guard.call((signal) => load(baseUrl, signal), { idempotent: true })
    return Value.Check(Listed, listed) ? listed.numbers : null
  } catch (error) {
    // The page is worth reading without them.
    log.debug({ err: error }, 'the sandbox did not tell its numbers')
    return null
  }
}

async function load(baseUrl: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(new URL('/sandbox/magic-numbers', baseUrl), { signal })
  return response.ok ? response.json() : null
}
