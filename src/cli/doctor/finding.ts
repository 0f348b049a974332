// What the doctor finds: one line each, and what to do where something is wrong.
import { monotonicMs } from '../../platform/time/index.ts'

export interface Finding {
  readonly part: string
  /** `off`: not configured, or not running, and nothing is wrong with that. */
  readonly state: 'ok' | 'off' | 'warning' | 'wrong'
  readonly words: string
  /** A sentence on what would put it right. */
  readonly advice?: string
  readonly ms?: number
}

export const ok = (part: string, words: string): Finding => ({ part, state: 'ok', words })
export const off = (part: string, words: string): Finding => ({ part, state: 'off', words })
export const warning = (part: string, words: string, advice: string): Finding => ({ part, state: 'warning', words, advice })
export const wrong = (part: string, words: string, advice: string): Finding => ({ part, state: 'wrong', words, advice })

const longestMs = 12_000

/** Times a look at something outside; what it throws is told in words, with the advice given. */
export async function look(part: string, advice: string, work: () => Promise<string>): Promise<Finding> {
  const began = monotonicMs()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${longestMs / 1000} s`)), longestMs)
  })
  try {
    const words = await Promise.race([work(), late])
    return { ...ok(part, words), ms: Math.round(monotonicMs() - began) }
  } catch (error) {
    return wrong(part, inWords(error), advice)
  } finally {
    clearTimeout(timer)
  }
}

const byCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up just now',
  ETIMEDOUT: 'no answer in time',
  EACCES: 'this user may not',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  '28P01': 'the password is wrong',
  '28000': 'this user is not let in',
  '3D000': 'there is no such database',
}

/** The innermost reason that means something to an operator. */
export function inWords(error: unknown): string {
  for (let current = error, depth = 0; current instanceof Error && depth < 6; current = current.cause, depth++) {
    const { code, status } = current as Error & { code?: unknown; status?: unknown }
    const known = byCode[String(code)]
    if (known) return known
    if (status === 401 || status === 403) return 'the credentials are refused'
    if (current instanceof AggregateError) return inWords(current.errors[0])
  }
  return error instanceof Error ? error.message : String(error)
}
