// What is said to whoever comes while there is too much to do. It is said thousands of times in a second, by a process that has
// no time: all that is the same for everybody is put together once, and each gets it with an id of their own.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../errors/index.ts'
import { requestId } from '../ids/index.ts'
import type { Clock } from '../time/index.ts'
import type { Contract } from './contract.ts'
import type { Headers } from './cors.ts'
import { renderRefusal } from './errors.ts'

export interface TurnAwayOptions {
  readonly clock: Clock
  readonly contractOf: (url: string) => Contract
  /** What every answer tells the page of an origin; the same object each time. */
  readonly headersTo: (origin: string | undefined) => Headers
  readonly onTurnedAway: (contract: string, method: string) => void
}

/** @returns what answers 503 in the words of the contract whose path was asked for */
export function openTurnAway(options: TurnAwayOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const letters = new Map<Contract, Letter>()
  const letterOf = (contract: Contract): Letter => {
    const at = options.clock.now()
    const last = letters.get(contract)
    if (last && Math.abs(at.getTime() - last.at.getTime()) < sameForMs) return last
    const letter = writeLetter(contract, at)
    letters.set(contract, letter)
    return letter
  }
  return (request, response) => {
    const contract = options.contractOf(request.url ?? '/')
    const { status, headers, body } = letterOf(contract)
    const id = requestId()
    const long = isLong(request) ? ['connection', 'close'] : []
    response.writeHead(status, ['x-request-id', id, ...long, ...flat(options.headersTo(request.headers.origin)), ...headers])
    response.end(body.join(id))
    options.onTurnedAway(contract.name, request.method ?? '')
  }
}

/** Whoever is turned away within so long reads the same time, where a contract says one. */
const sameForMs = 50

/** The answer of one contract for a moment; the body has gaps for the id. */
interface Letter {
  readonly at: Date
  readonly status: number
  /** Name, value, name, value. */
  readonly headers: readonly string[]
  readonly body: readonly string[]
}

function writeLetter(contract: Contract, at: Date): Letter {
  const gap = requestId() // as long as those that take its place
  const { status, body, headers } = renderRefusal({ clock: { now: () => at } }, contract, gap, refusal)
  const text = JSON.stringify(body)
  const all = {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  }
  return { at, status, headers: Object.entries(all).flat(), body: text.split(gap) }
}

const flattened = new WeakMap<Headers, readonly string[]>()
function flat(headers: Headers): readonly string[] {
  const known = flattened.get(headers)
  if (known) return known
  const list = Object.entries(headers).flat()
  flattened.set(headers, list)
  return list
}

/** One for all: where it was made tells nobody anything, and finding that out is what costs most. */
const refusal = new Refusal('overloaded', { headers: { 'retry-after': '1' } })

/** A short body is read and forgotten; a long one is not waited for. */
const isLong = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > longBytes
const longBytes = 65_536
