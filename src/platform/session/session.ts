// A session is one caller's work in one organisation: the only way to tenant data. A read is one batch; a change
// is one transaction in which rows, events and audit entries are written together or not at all.
import type { Principal } from '../auth/principal.ts'
import type { Connection, Database, Statement } from '../db/index.ts'
import { uuidv7 } from '../ids/index.ts'
import type { Clock } from '../time/index.ts'
import { appendChanges, enqueueJob } from './session.sql.ts'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** JSON that PostgreSQL built and that goes out as it is, once: bytes are spent when they were sent. */
export class RawJson {
  readonly content: string | Buffer
  constructor(content: string | Buffer) {
    this.content = content
  }

  get text(): string {
    return this.content.toString()
  }
}

export interface Emission {
  /** `appointment:12`: what the audit log is searched by. */
  readonly resource?: string
  readonly before?: unknown
  readonly after?: unknown
  /** The users who may see the event without a wider permission. */
  readonly users?: readonly number[]
  /** False where an event is no change by somebody (a call's progress): it is then not audited. */
  readonly audit?: boolean
  /** False where a change is for the audit log alone. */
  readonly feed?: boolean
}

export interface JobOptions {
  readonly runAt?: Date
  /** A job with the same key that has not run yet is replaced, not doubled. */
  readonly key?: string
  readonly maxAttempts?: number
  readonly priority?: number
  readonly queue?: string
}

export interface Session {
  readonly organizationId: number
  readonly principal: Principal
  readonly requestId: string | null
  readonly log: Log
  now(): Date
  read<P extends object, R>(statement: Statement<P, R>, params: P): Promise<R | null>
  list<P extends object, R>(statement: Statement<P, R>, params: P): Promise<R[]>
  /** For statements whose one row has one column, `json`. */
  json<P extends object>(statement: Statement<P, { json: string }>, params: P): Promise<RawJson | null>
  stream<P extends object, R>(statement: Statement<P, R>, params: P, pageSize?: number): AsyncGenerator<R[]>
  /** Inside another `write` it becomes a savepoint of that transaction. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export interface Tx extends Session {
  run<P extends object>(statement: Statement<P, unknown>, params: P): Promise<void>
  /** Like `run`, but nobody waits: it travels with the next statement or the commit, and what goes wrong is thrown there. */
  later<P extends object>(statement: Statement<P, unknown>, params: P): void
  emit(type: string, data: object, about?: Emission): void
  enqueue(task: string, payload: object, options?: JobOptions): Promise<void>
  /** Runs once the outermost transaction is committed and before its caller goes on (cache drops). */
  afterCommit(work: () => Promise<void> | void): void
}

/** How whoever works for many organisations gets into each. */
export type OpenSession = (principal: Principal, requestId?: string | null) => Session

export interface SessionContext {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly principal: Principal
  readonly requestId: string | null
  readonly address: string | null
  /** Masks personal data and secrets before they enter the audit log. */
  readonly mask: (value: unknown) => unknown
}

interface Pending {
  entries: object[]
  after: (() => Promise<void> | void)[]
}

export function openSession(context: SessionContext): Session {
  const { database, principal } = context
  const organizationId = principal.organizationId
  return {
    ...identity(context),
    read: async (statement, params) => first(await database.read(organizationId, statement, params)),
    list: async (statement, params) => (await database.read(organizationId, statement, params)) as never,
    json: async (statement, params) => rawJson(await database.json(organizationId, statement, params)),
    stream: (statement, params, pageSize = 1000) => database.stream(organizationId, statement, params, pageSize) as never,
    write: (work) => outermost(context, work),
  }
}

function identity({ principal, requestId, log, clock }: SessionContext) {
  return { organizationId: principal.organizationId, principal, requestId, log, now: () => clock.now() }
}

async function outermost<T>(context: SessionContext, work: (tx: Tx) => Promise<T>): Promise<T> {
  const pending: Pending = { entries: [], after: [] }
  const result = await context.database.transaction(context.principal.organizationId, async (connection) => {
    const value = await work(openTx(context, connection, pending))
    append(context, connection, pending)
    return value
  })
  for (const hook of pending.after) await hook()
  return result
}

/** Sent with the COMMIT: it locks the organisation's feed row, and nothing may be done while that is held. */
function append(context: SessionContext, connection: Connection, pending: Pending): void {
  if (pending.entries.length === 0) return
  const { principal, address, requestId, clock } = context
  connection.runLast(appendChanges, {
    actor: principal.subject,
    actorKind: principal.kind,
    address,
    requestId,
    at: clock.now(),
    entries: JSON.stringify(pending.entries),
  })
}

function openTx(context: SessionContext, connection: Connection, pending: Pending): Tx {
  return {
    ...identity(context),
    read: async (statement, params) => first(await connection.run(statement, params)),
    list: async (statement, params) => (await connection.run(statement, params)) as never,
    json: async (statement, params) => rawJson(first<{ json: string }>(await connection.run(statement, params))?.json),
    stream: (statement, params, pageSize = 1000) =>
      context.database.stream(context.principal.organizationId, statement, params, pageSize) as never,
    run: async (statement, params) => void (await connection.run(statement, params)),
    later: (statement, params) => connection.later(statement, params),
    write: (work) => savepoint(context, connection, pending, work),
    emit: (type, data, about = {}) => void pending.entries.push(entry(context, type, data, about)),
    enqueue: (task, payload, options = {}) => enqueue(context, connection, task, payload, options),
    afterCommit: (hook) => void pending.after.push(hook),
  }
}

async function savepoint<T>(context: SessionContext, connection: Connection, pending: Pending, work: (tx: Tx) => Promise<T>): Promise<T> {
  const mark = { entries: pending.entries.length, after: pending.after.length }
  try {
    return await connection.savepoint(() => work(openTx(context, connection, pending)))
  } catch (error) {
    pending.entries.length = mark.entries
    pending.after.length = mark.after
    throw error
  }
}

function entry(context: SessionContext, type: string, data: object, about: Emission): object {
  return {
    ...(about.feed === false ? {} : { id: uuidv7(context.clock.now()) }),
    type,
    data,
    users: about.users ?? [],
    audit: about.audit ?? true,
    resource: about.resource ?? null,
    before: about.before === undefined ? null : context.mask(about.before),
    after: about.after === undefined ? null : context.mask(about.after),
  }
}

async function enqueue(context: SessionContext, connection: Connection, task: string, payload: object, options: JobOptions): Promise<void> {
  connection.later(enqueueJob, {
    task,
    payload: JSON.stringify({ ...payload, organizationId: context.principal.organizationId, requestId: context.requestId }),
    runAt: options.runAt ?? null,
    jobKey: options.key ?? null,
    maxAttempts: options.maxAttempts ?? 25,
    priority: options.priority ?? 0,
    queue: options.queue ?? null,
  })
}

const first = <R>(rows: unknown[]): R | null => (rows[0] as R | undefined) ?? null
const rawJson = (content: string | Buffer | null | undefined): RawJson | null => (content == null ? null : new RawJson(content))
