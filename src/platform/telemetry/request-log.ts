// One line for every request answered: by far the most of the log, so it is put together by hand. All that it tells is
// ours (pattern, status, time taken) but the request's id, which a caller may have made up: that alone is looked at.
import { pino } from 'pino'
import { systemClock } from '../time/index.ts'
import type { Log, Logger } from './logger.ts'
import { maskText } from './mask.ts'

export interface LoggedRequest {
  readonly requestId: string
  readonly method: string
  /** The pattern, never the path. */
  readonly route: string
  readonly status: number
  readonly ms: number
}

export type RequestLog = (request: LoggedRequest) => void

const ownId = /^req_[0-9A-Z]{26}$/

export function openRequestLog(log: Logger): RequestLog {
  const { [pino.symbols.streamSym]: stream, [pino.symbols.chindingsSym]: bindings } = log as Logger & Insides
  const places = new Map<string, string>()
  const placeOf = (method: string, route: string): string => {
    const name = `${method} ${route}`
    const known = places.get(name)
    if (known) return known
    const place = `,"method":${JSON.stringify(method)},"route":${JSON.stringify(route)},"status":`
    places.set(name, place)
    return place
  }
  let [lastMs, lastTime] = [0, '']
  const timeNow = (): string => {
    const now = systemClock.now()
    if (now.getTime() !== lastMs) [lastMs, lastTime] = [now.getTime(), now.toISOString()]
    return lastTime
  }
  return ({ requestId, method, route, status, ms }) => {
    if (!log.isLevelEnabled('info')) return
    const id = ownId.test(requestId) ? requestId : JSON.stringify(maskText(requestId)).slice(1, -1)
    const took = Math.round(ms * 10) / 10
    stream.write(
      `{"level":"info","time":"${timeNow()}"${bindings},"requestId":"${id}"${placeOf(method, route)}${status},"ms":${took},"msg":"request"}\n`,
    )
  }
}

/** What pino shows of itself under symbols that it exports for those who write lines beside it. */
interface Insides {
  readonly [pino.symbols.streamSym]: { write(line: string): void }
  readonly [pino.symbols.chindingsSym]: string
}

/** A logger with fields of its own that is made when the first line is written: most requests write none. */
export function childLog(log: Logger, fields: Readonly<Record<string, unknown>>): Log {
  let child: Logger | null = null
  const made = (): Logger => {
    child ??= log.child(fields)
    return child
  }
  return {
    debug: (about, message) => made().debug(about, message),
    info: (about, message) => made().info(about, message),
    warn: (about, message) => made().warn(about, message),
    error: (about, message) => made().error(about, message),
  }
}
