// An endpoint is one object: its shape is the only source of the types, the validation, the answer's filter and the
// reference. It does not compile without a permission and a response schema.
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Principal } from '../auth/principal.ts'
import type { Code } from '../errors/index.ts'
import type { RawJson, Session } from '../session/index.ts'
import type { Contract } from './contract.ts'
import type { Live } from './live.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
/** `public` asks for no credential; `authenticated` for any; otherwise the principal must have the permission. */
export type Permission = 'public' | 'authenticated' | `${string}:${string}`

/** What an endpoint reads when it needs more than its path, query and body. */
export interface RequestFacts {
  readonly id: string
  readonly method: string
  readonly url: string
  /** Scheme, host and port as the caller sees them, behind trusted proxies too. */
  readonly origin: string
  readonly address: string
  /** The same object for every request that comes over one connection. */
  readonly connection: object
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body's bytes as they came; empty for streamed uploads. */
  readonly rawBody: Buffer
  /** A form's pairs in the order they came, repeats included. */
  readonly form: readonly (readonly [string, string])[]
  readonly signal: AbortSignal
  /** The framework's own request, for streamed uploads and event streams alone. */
  readonly raw: FastifyRequest
}

export type Body = object | string | RawJson | Readable | Live | Buffer | null

/** An answer with a status, headers or a body that is not plain JSON. */
export class Answer {
  readonly status: number
  readonly body: Body
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: Body, headers: Readonly<Record<string, string>> = {}) {
    this.status = status
    this.body = body
    this.headers = headers
  }
}
export const answer = (status: number, body: Body, headers?: Readonly<Record<string, string>>): Answer => new Answer(status, body, headers)

type StaticOf<S> = S extends TSchema ? Static<S> : undefined

export interface HandlerInput<P, Q, B> {
  readonly session: Session
  readonly principal: Principal
  readonly params: StaticOf<P>
  readonly query: StaticOf<Q>
  readonly body: StaticOf<B>
  readonly request: RequestFacts
}

/** A body that was taken in: what tells it from another under the same idempotency key, and how to be rid of it unused. */
export interface Received {
  readonly digest: string
  discard(): Promise<void>
}

/** A verifier for endpoints whose caller proves itself another way than the contract's credential (signed webhooks). */
export type Verify = (request: RequestFacts) => Promise<Principal> | Principal

export interface Endpoint<P = unknown, Q = unknown, B = unknown> {
  readonly operation: `${string}.${string}`
  readonly method: Method
  /** Parameters as `:id`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly permission: Permission
  readonly verify?: Verify
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  /** What the body may come as; JSON where nothing is said. A stream reaches the handler unread. */
  readonly accepts?: readonly ('json' | 'form' | 'stream')[]
  /** Form under whose content type JSON may hide (curl -d without a header). */
  readonly bodyOptional?: boolean
  readonly bodyLimit?: number
  /** The parts of a streamed upload, for the reference: the handler reads them itself. */
  readonly parts?: TSchema
  /** Status to schema; null has no body, a string is a media type that is not JSON. */
  readonly response: Readonly<Record<number, TSchema | string | null>>
  /** Media types that a status may come as beside JSON, when the caller prefers them. */
  readonly alsoAs?: Readonly<Record<number, string>>
  /** Where a standard prescribes other words than the contract's (RFC 6749). */
  readonly renderError?: Contract['renderError']
  /** Refusals beyond the common ones. */
  readonly errors?: readonly Code[]
  /** What a path id of the wrong shape is: the same answer as an unknown one. */
  readonly missing?: Code
  /** Not counted against a limit (health, metrics, reference pages, signed webhooks). */
  readonly unlimited?: boolean
  /** Requests and answers for the reference; each is executed by a test. */
  readonly examples?: readonly Example[]
  readonly tags?: readonly string[]
  readonly hidden?: boolean
  /** Takes in a streamed body before anything is held for it: no transaction waits for a slow sender. */
  readonly receive?: (input: HandlerInput<P, Q, B>) => Promise<Received>
  readonly handle: (input: HandlerInput<P, Q, B>) => Promise<Body | Answer> | Body | Answer
}

export interface Example {
  readonly title: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly status: number
  readonly response?: unknown
}

export type AnyEndpoint = Endpoint<TSchema | undefined, TSchema | undefined, TSchema | undefined>

export function endpoint<
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
>(definition: Endpoint<P, Q, B>): AnyEndpoint {
  // The one border: inside, every endpoint is handled alike; the validator has checked what the handler's types promise.
  return definition as unknown as AnyEndpoint
}
