// The one way to say no. A refusal carries what the caller may read; the cause stays inside.
import { type Code, catalogue, type Kind } from './catalogue.ts'

export { type Code, catalogue, type Kind } from './catalogue.ts'

/** One thing wrong with the request: where, and what would be right. `rule` is the validator's keyword. */
export interface Problem {
  readonly in: 'path' | 'query' | 'body' | 'header'
  readonly path: readonly (string | number)[]
  readonly message: string
  readonly rule: string
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RefusalDetails {
  /** Replaces the catalogue's sentence where a more telling one exists. Public. */
  readonly message?: string
  readonly problems?: readonly Problem[]
  readonly headers?: Readonly<Record<string, string>>
  /** Further public members of the answer (free alternatives, the name of a service). */
  readonly extra?: Readonly<Record<string, unknown>>
  /** For the log alone. */
  readonly cause?: unknown
}

export class Refusal extends Error {
  readonly code: Code
  readonly kind: Kind
  readonly details: RefusalDetails

  constructor(code: Code, details: RefusalDetails = {}) {
    super(details.message ?? catalogue[code].sentence, { cause: details.cause })
    this.name = 'Refusal'
    this.code = code
    this.kind = catalogue[code].kind
    this.details = details
  }
}

/** @throws Refusal, always. */
export function refuse(code: Code, details?: RefusalDetails): never {
  throw new Refusal(code, details)
}

/** Refuses one field of the request: the code stays `invalid_request`, the problem names the field. */
export function refuseField(where: Problem['in'], path: string | readonly (string | number)[], message: string, rule = 'value'): never {
  return refuse('invalid_request', { problems: [{ in: where, path: typeof path === 'string' ? [path] : path, message, rule }] })
}
