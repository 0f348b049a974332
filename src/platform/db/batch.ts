// A tenant's read as one batch with one Sync: `set_config(…, true)` and the statement share one implicit
// transaction, so the setting can neither outlive nor precede its statement, and several batches may be in
// flight on one connection. node-postgres has no public face for this, hence the one checked border below.
import pg from 'pg'

/** The parts of node-postgres' wire connection that a batch drives. */
interface Wire {
  parsedStatements: Record<string, string>
  submittedNamedStatements: Record<string, string>
  parse(message: { text: string; name: string }): void
  bind(message: { statement: string; values: unknown[]; valueMapper?: unknown }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: { portal: string; rows: number }): void
  sync(): void
  rowFields?: Record<string, unknown[]>
}
interface Result {
  rows: unknown[]
  addFields(fields: unknown[]): void
}
interface QueryInternals {
  name: string
  text: string
  values: unknown[]
  _result: Result
  _accumulateRows: boolean
  hasBeenParsed(wire: Wire): boolean
  handleRowDescription(message: { fields: unknown[] }): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, wire: Wire): void
}
type QueryClass = new (config: { name: string; text: string; values: unknown[] }, values: undefined, callback: Callback) => QueryInternals
type Callback = (error: Error | null, result?: { rows: unknown[] }) => void

/** Prepared once when a connection opens: a batch must never have to parse it (a failed parse would shift the answers). */
export const tenantSetting = { name: 'patchbay_tenant', text: `SELECT set_config('app.organization_id', $1, true)` } as const

class TenantBatch extends (pg.Query as unknown as QueryClass) {
  readonly tenant: string
  settingDone = false
  wire: Wire | null = null

  constructor(tenant: string, query: { name: string; text: string; values: unknown[] }, callback: Callback) {
    super(query, undefined, callback)
    this.tenant = tenant
  }

  /** Called by node-postgres when it is this query's turn to be written. */
  prepare(wire: Wire): void {
    this.wire = wire
    wire.bind({ statement: tenantSetting.name, values: [this.tenant] })
    wire.execute({ portal: '', rows: 0 })
    if (!this.hasBeenParsed(wire)) {
      wire.parse({ text: this.text, name: this.name })
      wire.submittedNamedStatements[this.name] = this.text
    }
    wire.bind({ statement: this.name, values: this.values, valueMapper: prepareValue })
    if (!wire.rowFields?.[this.name]) wire.describe({ type: 'P', name: '' })
    wire.execute({ portal: '', rows: 0 })
    wire.sync()
  }

  override handleRowDescription(message: { fields: unknown[] }): void {
    if (this.wire) this.wire.rowFields = { ...this.wire.rowFields, [this.name]: message.fields }
    super.handleRowDescription(message)
  }

  override handleDataRow(message: unknown): void {
    if (!this.settingDone) return
    if (!this._accumulateRows) {
      this._result.addFields(this.wire?.rowFields?.[this.name] ?? [])
      this._accumulateRows = true
    }
    super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.settingDone) super.handleCommandComplete(message, wire)
    else this.settingDone = true
  }
}

/** What node-postgres itself does to a value on its way out: dates, arrays, buffers, booleans. */
const prepareValue = (pg as unknown as { utils?: { prepareValue?: (value: unknown) => unknown } }).utils?.prepareValue ?? defaultValue
function defaultValue(value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return arrayLiteral(value)
  return Buffer.isBuffer(value) || typeof value === 'string' ? value : String(value)
}
function arrayLiteral(values: readonly unknown[]): string {
  const items = values.map((value) => (value === null ? 'NULL' : `"${String(value).replace(/["\\]/g, '\\$&')}"`))
  return `{${items.join(',')}}`
}

/** Runs one statement for one tenant on a connection that others may be using at the same moment. */
export function runBatch(client: pg.Client, tenant: string, query: { name: string; text: string; values: unknown[] }): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const batch = new TenantBatch(tenant, query, (error, result) => (error ? reject(error) : resolve(result?.rows ?? [])))
    client.query(batch as unknown as pg.Submittable)
  })
}
