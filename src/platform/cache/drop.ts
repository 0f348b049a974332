// What is dropped, and the word of it that goes from process to process.

/** One value, all of a scope (an organisation's), or, with neither, all of a family. */
export interface Drop {
  readonly family: string
  readonly key?: string
  readonly scope?: string
}

export interface Message {
  /** Who wants to hear that it was done; null when nobody can. */
  readonly from: string | null
  readonly number: number
  readonly drop: Drop
  /** The scope whose number was raised, and to what. */
  readonly raise?: string
  readonly epoch?: number
}

/** Keys are `organisation:id`: what stands before the colon says whose value it is. */
export const scopeOf = (key: string): string => key.split(':', 1)[0] ?? key

export function parseMessage(text: string): Message | null {
  const parsed = parse(text)
  if (!isRecord(parsed) || !isRecord(parsed.drop)) return null
  const { from, number, raise, epoch } = parsed
  const { family, key, scope } = parsed.drop
  if (!(from === null || typeof from === 'string') || typeof number !== 'number' || typeof family !== 'string') return null
  if (![key, scope, raise].every((word) => word === undefined || typeof word === 'string')) return null
  if (!(epoch === undefined || Number.isSafeInteger(epoch))) return null
  return parsed as unknown as Message
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whoever may connect to the database may say anything on a channel.
    return null
  }
}
