// A contract's row: everything in which the five differ, as data and small functions. The pipeline reads it.
import type { Principal } from '../auth/principal.ts'
import type { Refusal } from '../errors/index.ts'
import type { LimitRule } from '../limits/index.ts'
import type { AnyEndpoint, RequestFacts } from './endpoint.ts'

export interface RenderedError {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

export interface ErrorContext {
  readonly requestId: string
  readonly at: Date
}

export interface Contract {
  readonly name: 'sapien' | 'trudy' | 'gobi' | 'sei' | 'bella' | 'shared'
  readonly title: string
  readonly description: string
  readonly version: string
  /** Unknown paths under these are answered in this contract's words. */
  readonly prefixes: readonly string[]
  /** OpenAPI security schemes of the credential. */
  readonly security: Readonly<Record<string, object>>
  /** Null when no credential was presented; a wrong one is refused. */
  readonly authenticate: (request: RequestFacts) => Principal | null | Promise<Principal | null>
  /** The refusal when a credential is needed and none was presented. */
  readonly credentialMissing: 'missing_token' | 'invalid_api_key'
  readonly renderError: (refusal: Refusal, context: ErrorContext) => RenderedError
  /** The schema of its errors, for the reference and for the tests of answers. */
  readonly errorSchema: object
  /** The status of a body, query or path value of the wrong shape. */
  readonly invalidStatus: 400 | 422
  readonly limit: LimitRule
  /** For callers without a credential, where the contract has one. */
  readonly anonymousLimit?: LimitRule
  readonly endpoints: readonly AnyEndpoint[]
}
