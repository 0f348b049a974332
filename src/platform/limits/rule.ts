// What a limit is, how a setting says it, and how an answer tells it.

/** `limit` requests in `periodS` seconds, and up to `burst` of them at once. */
export interface Limit {
  readonly name: string
  readonly limit: number
  readonly periodS: number
  readonly burst: number
}

export type LimitRule = Limit | 'off'

export interface LimitOutcome {
  readonly allowed: boolean
  /** The most that could be taken at once. */
  readonly limit: number
  readonly remaining: number
  /** Seconds until all of `limit` is there again, rounded up; and that moment in Unix seconds. */
  readonly resetS: number
  readonly resetAt: number
  /** Seconds until the next request is allowed, at least 1; 0 when this one was. */
  readonly retryAfterS: number
}

const periods: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
}

/** `100/s;burst=200`, `1000/h`, `600/min` or `off`; null when it is none of them. The burst is the limit when it is not said. */
export function parseLimit(name: string, text: string): LimitRule | null {
  const words = text.trim().toLowerCase()
  if (words === 'off') return 'off'
  const [, limitText, unit, burstText] = /^(\d{1,9})\s*\/\s*([a-z]+)(?:\s*;\s*burst\s*=\s*(\d{1,9}))?$/.exec(words) ?? []
  const periodS = unit === undefined || !Object.hasOwn(periods, unit) ? undefined : periods[unit]
  const limit = Number(limitText)
  const burst = burstText === undefined ? limit : Number(burstText)
  return periodS === undefined || limit < 1 || burst < 1 ? null : { name, limit, periodS, burst }
}

/**
 * `X-RateLimit-*` as the seeds show them (reset in Unix seconds), `RateLimit` and `RateLimit-Policy`
 * (draft-ietf-httpapi-ratelimit-headers-10), and `Retry-After` on a refusal.
 */
export function limitHeaders(rule: LimitRule, outcome: LimitOutcome): Record<string, string> {
  if (rule === 'off') return {}
  const { name, limit, policy } = wordsOf(rule)
  const headers: Record<string, string> = {
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': String(Math.min(outcome.remaining, rule.limit)),
    'x-ratelimit-reset': String(outcome.resetAt),
    'ratelimit-policy': policy,
    ratelimit: `${name};r=${outcome.remaining};t=${outcome.resetS}`,
  }
  if (!outcome.allowed) headers['retry-after'] = String(outcome.retryAfterS)
  return headers
}

interface Words {
  readonly name: string
  readonly limit: string
  readonly policy: string
}
const words = new WeakMap<Limit, Words>()
/** What is the same in every answer. */
function wordsOf(rule: Limit): Words {
  const known = words.get(rule)
  if (known) return known
  const name = JSON.stringify(rule.name.replace(/[^\x20-\x7e]/g, ''))
  const burst = rule.burst === rule.limit ? '' : `;burst=${rule.burst}`
  const made = { name, limit: String(rule.limit), policy: `${name};q=${rule.limit};w=${rule.periodS}${burst}` }
  words.set(rule, made)
  return made
}

/** What is told of a bucket that holds `tokens` after the request was judged. */
export function outcomeOf(rule: Limit, allowed: boolean, tokens: number, nowMs: number): LimitOutcome {
  const perSecond = rule.limit / rule.periodS
  // A billionth of a token is rounding, not a second's wait.
  const waitS = (missing: number) => Math.max(0, Math.ceil(missing / perSecond - 1e-9))
  const resetS = waitS(rule.burst - tokens)
  return {
    allowed,
    limit: rule.burst,
    remaining: Math.max(0, Math.floor(tokens + 1e-9)),
    resetS,
    resetAt: Math.ceil(nowMs / 1000) + resetS,
    retryAfterS: allowed ? 0 : Math.max(1, waitS(1 - tokens)),
  }
}
