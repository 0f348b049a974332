// Several statements sent as one, answered as one: what a transaction has to say besides its statements (BEGIN, the
// tenant, SAVEPOINT, RELEASE) travels with the next statement instead of costing a round trip each. The first that fails
// ends the chain. Like `batch.ts`, this is a checked border to node-postgres' inside; it is for connections of one user.
import pg from 'pg'

/** Prepared under its name when a connection first meets it; without a name, anew each time. */
export interface Link {
  readonly name: string
  readonly text: string
  readonly values: readonly unknown[]
}

interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  close(message: { type: 'S'; name: string }): void
  parse(message: { text: string; name: string }): void
  bind(message: { statement: string; values: readonly unknown[]; valueMapper: (value: unknown) => unknown }): void
  describe(message: { type: 'P'; name: string }): void
  execute(message: { portal: string; rows: number }): void
  sync(): void
}
interface Outcome {
  readonly command: string | null
  readonly rows: unknown[]
}
interface QueryInternals {
  name: string
  handleRowDescription(message: { fields: unknown[] }): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, wire: Wire): void
  submit(wire: Wire): Error | null
}
type QueryClass = new (config: { name: string; text: string }, values: undefined, callback: Callback) => QueryInternals
type Callback = (error: Error | null, outcome?: Outcome) => void

const { prepareValue } = (pg as unknown as { utils: { prepareValue: (value: unknown) => unknown } }).utils

/** The names that a connection has prepared. Only a statement that ran is known to be. */
const preparedOn = new WeakMap<Wire, Set<string>>()

class Chain extends (pg.Query as unknown as QueryClass) {
  readonly links: readonly Link[]
  done = 0

  constructor(links: readonly Link[], callback: Callback) {
    super({ name: '', text: '' }, undefined, callback) // no name: node-postgres would mark it prepared at the first link's answer
    this.links = links
  }

  override submit(wire: Wire): Error | null {
    const prepared = preparedOn.get(wire) ?? new Set()
    preparedOn.set(wire, prepared)
    wire.stream.cork()
    try {
      for (const link of this.links) send(wire, link, prepared.has(link.name))
      wire.sync()
    } finally {
      wire.stream.uncork()
    }
    return null
  }

  override handleRowDescription(message: { fields: unknown[] }): void {
    if (this.isLast()) super.handleRowDescription(message)
  }

  override handleDataRow(message: unknown): void {
    if (this.isLast()) super.handleDataRow(message)
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    const name = this.links[this.done]?.name
    if (name) preparedOn.get(wire)?.add(name)
    if (this.isLast()) super.handleCommandComplete(message, wire)
    this.done += 1
  }

  isLast(): boolean {
    return this.done === this.links.length - 1
  }
}

function send(wire: Wire, { name, text, values }: Link, prepared: boolean): void {
  if (!prepared) {
    if (name) wire.close({ type: 'S', name }) // it may be there after all: prepared, and then failed
    wire.parse({ text, name })
  }
  wire.bind({ statement: name, values, valueMapper: prepareValue })
  wire.describe({ type: 'P', name: '' })
  wire.execute({ portal: '', rows: 0 })
}

/** @returns what the last of them answered; rejects with the error of the first that failed, after which none ran */
export function runChain(client: pg.ClientBase, links: readonly Link[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const chain = new Chain(links, (error, outcome) => (error ? reject(error) : resolve(outcome ?? { command: null, rows: [] })))
    client.query(chain as unknown as pg.Submittable)
  })
}
