// Judges one answer: no 5xx, a documented status, a body on its schema, the contract's words, the request's id, and
// nothing of the inside. What it says is a list of complaints, each of a class by which they are counted.
import { type Judge, judgeOf } from '../conformance/documented.ts'
import type { Operation, Plan } from './document.ts'
import { bytesOf, type Made } from './request.ts'
import type { Answer } from './wire.ts'

export type Class =
  | 'server fault'
  | 'no answer'
  | 'undocumented'
  | 'off schema'
  | 'no request id'
  | 'leak'
  | 'open door'
  | 'broken xml'
  | 'wrong words'

export interface Complaint {
  readonly class: Class
  readonly text: string
}

export interface Checker {
  check(made: Made, answer: Answer | null): Complaint[]
  /** The operation that a request really reaches. */
  reached(made: Pick<Made, 'method' | 'target'>): Operation | null
}

/** Words that only the inside of a server has. */
const internal =
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) \w+|node_modules|\.ts:\d|\bat (?:async )?[\w.<>]+ \(|\/src\/|\/tmp\/|postgres|SQLSTATE|ECONN|ENOENT|syntax error at|violates|FST_|pg_|Cannot read prop|is not a function|is not iterable|patchbay_app/i

/** What a request that no operation stands behind may be answered with, by the framework or by HTTP itself. */
const strayStatuses = new Set([200, 204, 302, 304, 400, 401, 403, 404, 405, 408, 413, 414, 415, 417, 422, 429, 431, 501])
/** What may befall any request before its operation is known: it could not be read as HTTP. */
const framingStatuses = new Set([400, 408, 413, 414, 417, 431])

export function openChecker(plan: Plan): Checker {
  const judge = judgeOf(plan.document)
  const reached = ({ method, target }: Pick<Made, 'method' | 'target'>): Operation | null =>
    plan.match(method === 'HEAD' ? 'GET' : method, plainPath(target.split(/[?#]/)[0] ?? target))
  return {
    reached,
    check(made, answer) {
      if (answer === null) return made.breaksFraming ? [] : [{ class: 'no answer', text: 'the connection ended without an answer' }]
      const operation = reached(made)
      const body = answer.body.toString('utf8')
      if (isReport(operation, answer)) return documented(judge, operation, made, answer, body)
      return [
        ...faults(operation, answer, body),
        ...documented(judge, operation, made, answer, body),
        ...identity(made, answer, body),
        ...leaks(made, answer, body),
        ...xml(answer, body),
        ...(made.mustNotPass && answer.status < 300 ? opened(operation, answer) : []),
      ]
    },
  }
}

/** `%75sers` is `users`: what is spelled out in escapes is the same path, as long as the escape hides nothing. */
const plainPath = (path: string): string =>
  path.replace(/%([0-9a-f]{2})/gi, (spelled, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(character) ? character : spelled
  })

const typeOf = ({ headers }: Answer): string => (headers['content-type'] ?? '').split(';')[0] ?? ''

/** A health check that answers 503 tells of the machine (a disk that took two seconds): it is right, and no error. */
const isReport = (operation: Operation | null, { status }: Answer): boolean =>
  status === 503 && operation !== null && operation.statuses.has(503) && /^\/(?:v1\/hello|readyz)/.test(operation.template)

function faults(operation: Operation | null, { status }: Answer, body: string): Complaint[] {
  const foretold = status === 507 && operation?.statuses.has(507)
  return status >= 500 && !foretold ? [{ class: 'server fault', text: `${status}: ${body.slice(0, 300)}` }] : []
}

function documented(judge: Judge, operation: Operation | null, made: Made, answer: Answer, body: string): Complaint[] {
  const { status } = answer
  const unreadable = made.breaksFraming || made.target.length > 8000 || made.method === 'OPTIONS'
  const stray = !operation || (unreadable && framingStatuses.has(status))
  if (stray) return strayStatuses.has(status) ? [] : [{ class: 'undocumented', text: `${status} where no operation is` }]
  if (!operation.statuses.has(status)) return [{ class: 'undocumented', text: `${status}: ${body.slice(0, 200)}` }]
  if (answer.endless || made.method === 'HEAD') return []
  const verdict = verdictOf(() =>
    judge({ path: operation.template, method: operation.method, status, type: answer.headers['content-type'] ?? null, body }),
  )
  return verdict ? [{ class: 'off schema', text: verdict }] : []
}

function verdictOf(judge: () => string | null): string | null {
  try {
    return judge()
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message}`
  }
}

function identity(made: Made, { status, headers }: Answer, body: string): Complaint[] {
  const id = headers['x-request-id']
  if (!id) return [{ class: 'no request id', text: `${status} without X-Request-Id` }]
  if (status < 400 || made.method === 'HEAD') return []
  const told = idIn(body)
  if (told === null) return [{ class: 'wrong words', text: `an error in nobody's words: ${body.slice(0, 200)}` }]
  // A repeated request gets the first one's answer byte for byte, and with it the first one's id.
  if (headers['idempotent-replayed'] === 'true') return []
  return told === id ? [] : [{ class: 'no request id', text: `the header says ${id}, the body ${told}` }]
}

/** The id as each contract says it; null when the body is no error of ours. */
function idIn(body: string): string | null {
  try {
    const value = JSON.parse(body) as {
      error?: { requestId?: string; request_id?: string; code?: string } | string
      correlation_id?: string
      request_id?: string
    } | null
    const nested = typeof value?.error === 'object' ? (value.error.requestId ?? value.error.request_id) : undefined
    return nested ?? value?.correlation_id ?? value?.request_id ?? null
  } catch {
    return null // no JSON, so no error of ours: the caller says so
  }
}

/** What the caller said itself is no secret. */
function leaks(made: Made, { status, headers }: Answer, body: string): Complaint[] {
  if (status < 400) return []
  const text = `${Object.values(headers).join('\n')}\n${body}`
  const found = internal.exec(text)?.[0]
  if (!found || decoded(made).includes(found.toLowerCase())) return []
  return [{ class: 'leak', text: `says "${found}": ${body.slice(0, 300)}` }]
}

function decoded(made: Made): string {
  const text = bytesOf(made).toString('utf8')
  return `${text} ${text.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))}`.toLowerCase()
}

function xml(answer: Answer, body: string): Complaint[] {
  if (!/xml$/.test(typeOf(answer)) || body === '') return []
  const wrong = wrongXml(body)
  return wrong ? [{ class: 'broken xml', text: `${wrong}: ${body.slice(0, 300)}` }] : []
}

/** Enough of XML to tell whether a telephony provider could read it: its characters, its entities, its nesting. */
export function wrongXml(text: string): string | null {
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text)) return 'a character that XML does not have'
  if (/&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/.test(text)) return 'a bare ampersand'
  const open: string[] = []
  const rest = text
    .replace(/<\?xml[^>]*\?>/, '')
    .replace(/<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, close: string, name: string, __, single: string) => {
      if (close && open.pop() !== name) open.push(`not ${name}`)
      if (!close && !single) open.push(name)
      return ''
    })
  if (open.length > 0) return `${open.at(-1)} is not closed`
  return /[<>]/.test(rest) ? 'a bare angle' : null
}

function opened(operation: Operation | null, { status }: Answer): Complaint[] {
  return operation ? [{ class: 'open door', text: `${status} without a credential that is good` }] : []
}
