// One JSON line for each thing worth telling, with everything personal masked before it is written (P12).
// Refuses nothing: a value that cannot be written is named by its type.
import { type DestinationStream, pino } from 'pino'
import { maskNumbers, maskText, maskValue } from './mask.ts'

export type Logger = pino.Logger

/** What the platform asks of a logger; pino's is one. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LoggerOptions {
  /** `fatal` `error` `warn` `info` `debug` `trace` or `silent`. */
  readonly level: string
  /** For a person at a terminal: one readable line instead of JSON. */
  readonly pretty?: boolean
  readonly destination?: DestinationStream
  /** Stand on every line: `{ service: 'patchbay', process: 'serve' }`. */
  readonly bindings?: Readonly<Record<string, unknown>>
}

/** `logger.child({ requestId })` makes the logger of one request. */
export function createLogger(options: LoggerOptions): Logger {
  const destination =
    options.destination ?? pino.destination({ dest: 1, sync: false, minLength: 16_384, maxWrite: 65_536, periodicFlush: 200 })
  const log = pino(
    {
      level: options.level,
      base: options.bindings === undefined ? null : maskFields(options.bindings),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: maskFields },
      // An error is plain, masked data by the time a serializer sees it.
      serializers: { req: describeRequest, res: describeResponse, err: (error) => error },
      hooks: { logMethod: maskArguments, streamWrite: maskNumbers },
    },
    options.pretty ? readable(destination) : destination,
  )
  // pino formats the root's bindings alone; a child's are masked on their way in. Children inherit this method.
  const makeChild = log.child
  log.child = function child(this: Logger, bindings, childOptions) {
    return Reflect.apply(makeChild, this, [maskFields(bindings), childOptions])
  }
  return log
}

/** Fastify logs its own request and reply objects under these keys; the serializers below take of them what may be told. */
const serialized = new Set(['req', 'res'])

function maskFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const masked: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) masked[maskText(key)] = serialized.has(key) ? value : maskValue(value, key)
  return masked
}

/** pino takes a message from an error by itself, and formats `%s` after the fields are masked: so the arguments are masked first. */
function maskArguments(this: Logger, args: Parameters<pino.LogFn>, method: pino.LogFn): void {
  const [first, ...rest]: unknown[] = [...args]
  const error = errorOf(first)
  const fields = first instanceof Error ? { err: first } : first
  const words = rest.length === 0 && error ? [error.message] : rest
  const masked = [
    typeof fields === 'string' ? maskText(fields) : fields,
    ...words.map((word) => (typeof word === 'string' ? maskText(word) : maskValue(word))),
  ]
  Reflect.apply(method, this, masked)
}

function errorOf(value: unknown): Error | null {
  if (value instanceof Error) return value
  return typeof value === 'object' && value !== null && 'err' in value && value.err instanceof Error ? value.err : null
}

function describeRequest(request: unknown): unknown {
  if (typeof request !== 'object' || request === null) return undefined
  const method = 'method' in request ? request.method : undefined
  const url = 'url' in request && typeof request.url === 'string' ? maskText(request.url.split('?', 1)[0] ?? '') : undefined
  return { method, url }
}

function describeResponse(response: unknown): unknown {
  return typeof response === 'object' && response !== null && 'statusCode' in response ? { statusCode: response.statusCode } : undefined
}

/** What would begin a line of its own, or speak to the terminal, is spelt out. JSON does that by itself. */
const visible = (text: string, kept = ''): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) =>
    character === kept ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** `12:00:01 INFO  listening port=8080`, and an error's stack below it. */
function readable(destination: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      const { level, time, msg, err, ...fields }: Record<string, unknown> = JSON.parse(line)
      const details = Object.entries(fields).map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${visible(String(err.stack), '\n')}` : ''
      const words = visible(`${msg ?? ''}${details.join('')}`)
      destination.write(`${String(time).slice(11, 19)} ${String(level).toUpperCase().padEnd(5)} ${words}${stack}\n`)
    },
  }
}
