// Judges an answer as a stranger would: one that the document has; a refusal in the contract's own words, with the request's
// id in header and body, and nothing in it that says how the house is built.
import { templateOf } from '../../src/platform/http/index.ts'
import { type Judge, judgeOf } from '../conformance/documented.ts'
import type { Operation } from '../isolation/operations.ts'
import type { TestHouse } from '../support/house.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const internal =
  /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|FROM) \w+\.|node_modules|\.ts\b|\bat \S+ \(|\/work\/|\/src\/|\/tmp\/|postgres|SQLSTATE|stack|ECONN|syntax error at|violates|FST_|Cannot read prop|is not a function|undefined/i

export interface HostileJudge {
  /** Complaints about an answer that has to be a refusal. */
  refusal(operation: Operation, answer: Answer): string[]
  /** Complaints about an answer that may be a success. */
  any(operation: Operation, answer: Answer): string[]
}

export async function openJudge(house: TestHouse): Promise<HostileJudge> {
  const documented = judgeOf((await (await house.request('GET', '/openapi.json')).json()) as object)
  const any = (operation: Operation, answer: Answer) => complaints(documented, operation, answer)
  return {
    any,
    refusal: (operation, answer) => (answer.status < 400 ? [`${answer.status} instead of a refusal`] : any(operation, answer)),
  }
}

function complaints(documented: Judge, { endpoint, contract }: Operation, { status, headers, body }: Answer): string[] {
  const found: string[] = []
  if (status >= 500) found.push(`${status}: ${body.slice(0, 200)}`)
  const { method, path } = endpoint
  const verdict = endpoint.hidden
    ? null
    : documented({ path: templateOf(path), method, status, type: headers['content-type'] ?? null, body })
  if (verdict) found.push(`${contract.name}: ${verdict}`)
  if (status < 400) return found
  const id = headers['x-request-id']
  if (!id) found.push('no X-Request-Id')
  else if (!body.includes(id)) found.push(`the body does not hold the request's id: ${body.slice(0, 200)}`)
  const leak = internal.exec(body)
  if (leak) found.push(`says "${leak[0]}": ${body.slice(0, 300)}`)
  return found
}
