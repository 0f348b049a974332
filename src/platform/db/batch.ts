// A tenant's read as one batch with one Sync: `set_config(…, true)` and the statement share one implicit
// transaction, so the setting can neither outlive nor precede its statement, and several batches may be in
// flight on one connection. node-postgres has no public face for this, hence the checked border below: a batch is one of
// its queries by descent, and brings its own way of being written and read.
import pg from 'pg'
import { serialize } from 'pg-protocol/dist/serializer.js'
import type { Row } from './rows.ts'
import { openSlices } from './slices.ts'

/** The parts of node-postgres' wire connection that a batch drives. */
interface Wire {
  readonly stream: { write(bytes: Buffer): void; cork(): void; uncork(): void }
  readonly parsedStatements: Record<string, string>
  readonly submittedNamedStatements: Record<string, string>
}

export interface Query {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
  /** Of each row the first column is wanted, to be handed on as it is (`Row.first`). */
  readonly handOn?: boolean
}
type Callback = (error: Error | null, rows?: unknown[]) => void

/** Prepared once when a connection opens: a batch must never have to parse it (a failed parse would shift the answers). */
export const tenantSetting = { name: 'patchbay_tenant', text: `SELECT set_config('app.organization_id', $1, true)` } as const

/** How the rows of a statement are read, learnt from its first answer on a connection. */
interface RowShape {
  readonly names: readonly string[]
  readonly parsers: readonly ((text: string) => unknown)[]
}
const shapesOf = new WeakMap<Wire, Map<string, RowShape>>()

/** A query without what node-postgres would prepare for it: one is made for every read. */
const Bare = function Bare() {} as unknown as new () => object
Bare.prototype = pg.Query.prototype

class TenantBatch extends Bare {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
  readonly tenant: string
  readonly handOn: boolean
  readonly callback: Callback
  readonly found: unknown[] = []
  shapes: Map<string, RowShape> | null = null
  shape: RowShape | null = null
  settingDone = false
  failure: Error | null = null

  constructor(tenant: string, { name, text, values, handOn = false }: Query, callback: Callback) {
    super()
    this.tenant = tenant
    this.handOn = handOn
    this.name = name
    this.text = text
    this.values = values
    this.callback = callback
  }

  /** Called by node-postgres when it is this query's turn to be written. */
  submit(wire: Wire): Error | null {
    const shapes = shapesOf.get(wire) ?? new Map<string, RowShape>()
    shapesOf.set(wire, shapes)
    this.shapes = shapes
    this.shape = shapes.get(this.name) ?? null
    const messages = [settingOf(this.tenant)]
    const before = wire.parsedStatements[this.name] ?? wire.submittedNamedStatements[this.name]
    if (before === undefined) {
      messages.push(serialize.parse({ text: this.text, name: this.name }))
    } else if (before !== this.text) {
      return new Error(`two statements are called ${this.name}`)
    }
    messages.push(serialize.bind({ statement: this.name, values: [...this.values], valueMapper: prepareValue }))
    if (before === undefined) wire.submittedNamedStatements[this.name] = this.text
    if (!this.shape) messages.push(describe)
    messages.push(executeAndSync)
    holdForThisTurn(wire.stream)
    wire.stream.write(Buffer.concat(messages))
    return null
  }

  handleRowDescription({ fields }: { readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[] }): void {
    this.shape = {
      names: fields.map(({ name }) => name),
      parsers: fields.map(({ dataTypeID }) => pg.types.getTypeParser(dataTypeID, 'text') as (text: string) => unknown),
    }
    this.shapes?.set(this.name, this.shape)
  }

  handleDataRow(row: Row): void {
    if (!this.settingDone || !this.shape || this.failure) return
    try {
      this.found.push(this.handOn ? row.first() : readRow(this.shape, row.fields))
    } catch (error) {
      this.failure = error as Error
    }
  }

  handleCommandComplete(): void {
    this.settingDone = true
  }

  handleReadyForQuery(): void {
    if (this.failure) this.callback(this.failure)
    else this.callback(null, this.found)
  }

  handleError(error: Error): void {
    this.callback(error)
  }
}

function readRow({ names, parsers }: RowShape, fields: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < names.length; index++) {
    const text = fields[index] ?? null
    const parse = parsers[index]
    row[names[index] ?? ''] = text === null || !parse ? null : parse(text)
  }
  return row
}

const describe = serialize.describe({ type: 'P', name: '' })
const executeAndSync = Buffer.concat([serialize.execute(), serialize.sync()])

/** The same few tenants ask again and again: what sets one is written once. */
const settings = new Map<string, Buffer>()
const mostSettings = 10_000
function settingOf(tenant: string): Buffer {
  const known = settings.get(tenant)
  if (known) return known
  const setting = Buffer.concat([serialize.bind({ statement: tenantSetting.name, values: [tenant] }), serialize.execute()])
  if (settings.size >= mostSettings) settings.clear()
  settings.set(tenant, setting)
  return setting
}

/** Reads of many requests that arrive in one turn of the event loop leave in one write. */
const held = new WeakSet<Wire['stream']>()
function holdForThisTurn(stream: Wire['stream']): void {
  if (held.has(stream)) return
  held.add(stream)
  stream.cork()
  setImmediate(() => {
    held.delete(stream)
    stream.uncork()
  })
}

/** What node-postgres itself does to a value on its way out: dates, arrays, buffers, booleans. */
const { prepareValue } = (pg as unknown as { utils: { prepareValue: (value: unknown) => unknown } }).utils

/** There is one event loop, so one for all databases. At most half of the 50 ms within which whoever is turned away shall hear of it. */
const answers = openSlices({ leastMs: 5, mostMs: 25 })

/** Runs one statement for one tenant on a connection that others may be using at the same moment. */
export function runBatch(client: pg.Client, tenant: string, query: Query): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const batch = new TenantBatch(tenant, query, (error, rows) => answers.add(() => (error ? reject(error) : resolve(rows ?? []))))
    client.query(batch as unknown as pg.Submittable)
  })
}
