// What goes wrong between PostgreSQL and us: which errors mean "not now" (and are answered 503 with Retry-After), and
// that an outage is told once when it begins and once when it is over, however many connections it takes with it.
import { Refusal } from '../errors/index.ts'

/**
 * SQLSTATEs that mean "not now": connection trouble (08), no resources (53), shut-down (57P), cancelled for taking too
 * long (57014), an error of the machine (58), a transaction that idled too long (25P03), a server that takes no changes
 * just now (25006: a stand-by after a failover), a lost race (40001, 40P01), a lock that was not to be had (55P03).
 */
const notNow = /^(08|53|57P|57014|58|25P03|25006|40001|40P01|55P03)/
const network = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])
const cutOff = /Connection terminated|not queryable|Query read timeout|Client was closed/
/** node-postgres' pool, when no connection became free in time. */
const noneFree = 'timeout exceeded when trying to connect'
export const readOnly = '25006'

export const codeOf = (error: unknown): string | undefined => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')

/** A statement's error as the caller shall hear of it: a refusal where it means "not now", else as it is. */
export function translate(error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof Refusal || (code === undefined && !cutOff.test(messageOf(error)))) return error
  return code === undefined || notNow.test(code) || network.has(code) ? unavailable(error) : error
}

/** Whatever kept a connection from being opened: without one, nothing can be done now. */
export const notConnected = (error: unknown): unknown =>
  messageOf(error) === noneFree ? new Refusal('overloaded', { cause: error, headers: retrySoon }) : unavailable(error)

/** What was lost, where that is the connection itself or none came to be; null where a statement failed or waited in vain. */
export function lossOf(error: unknown): Error | null {
  if (!(error instanceof Error)) return null
  if (error instanceof Refusal) return error.code === 'database_unavailable' && error.cause instanceof Error ? error.cause : null
  const code = codeOf(error)
  const lost = code === undefined ? cutOff.test(error.message) : network.has(code) || /^(08|57P)/.test(code)
  return lost ? error : null
}

export const unavailable = (cause: unknown): Refusal => new Refusal('database_unavailable', { cause, headers: retrySoon })
const retrySoon = { 'retry-after': '1' }

export interface Outage {
  failed(error: Error): void
  worked(): void
}

/** So long without a failure, and an outage is over. */
const calmMs = 1_000

/** `now` in milliseconds, monotonic. */
export function openOutage(onBegin: (error: Error) => void, onOver: (lastedMs: number) => void, now: () => number): Outage {
  let began: number | null = null
  let lastFailure = 0
  return {
    failed(error) {
      lastFailure = now()
      if (began !== null) return
      began = lastFailure
      onBegin(error)
    },
    worked() {
      if (began === null || now() - lastFailure < calmMs) return
      onOver(lastFailure - began)
      began = null
    },
  }
}
