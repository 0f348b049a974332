// An entry as PostgreSQL sends it in a binary COPY, and the hash that it must have. It is computed here and not in the
// database, because who owns the database owns its functions too.
import { hash } from 'node:crypto'

/** Views of the row that was sent: they hold as long as it does. */
export interface Entry {
  readonly seq: number
  readonly hash: Buffer
  readonly form: number
  /** From the field `form` on: what a hash of form 2 covers besides the hash before it. */
  readonly body: Buffer
}

/** The columns in the order in which they are asked for; `hash` is in front, the rest is what it covers. */
export const entryColumns = 'hash, form, organization_id, seq, at, actor, actor_kind, address, request_id, action, resource, before, after'
const fieldCount = 13
/** In `body`: the lengths and bytes of form (2), organisation (8) and seq (8). */
const organizationAt = 10
const seqAt = 22

/** @throws when the row is not one of `entryColumns` */
export function readEntry(row: Buffer): Entry {
  const hashLength = row.readInt32BE(2)
  const body = row.subarray(6 + Math.max(hashLength, 0))
  if (row.readInt16BE(0) !== fieldCount || body.readInt32BE(0) !== 2 || body.readInt32BE(6) !== 8 || body.readInt32BE(18) !== 8)
    throw new Error('this is no entry of the audit log')
  return { seq: Number(body.readBigInt64BE(seqAt)), hash: row.subarray(6, 6 + hashLength), form: body.readInt16BE(4), body }
}

/** The same entry, in memory of its own. */
export const keepEntry = ({ seq, hash: own, form, body }: Entry): Entry => ({ seq, hash: Buffer.from(own), form, body: Buffer.from(body) })

/** The entry as it would be under another number. */
export function renumbered(entry: Entry, seq: number): Entry {
  const body = Buffer.from(entry.body)
  body.writeBigInt64BE(BigInt.asIntN(64, BigInt(seq)), seqAt)
  return { ...entry, seq, body }
}

let scratch = Buffer.alloc(4096)

/** What the entry's hash must be behind `previous`; null for an entry that nobody here could have written. */
export function digestOf(previous: Buffer, entry: Entry): Buffer | null {
  const digest = latin1DigestOf(previous, entry)
  return digest === null ? null : Buffer.from(digest, 'latin1')
}

export const fits = (previous: Buffer, entry: Entry): boolean => latin1DigestOf(previous, entry) === entry.hash.toString('latin1')

/** A text of 32 characters is made and compared in a third of the time of a buffer: there are millions of them. */
function latin1DigestOf(previous: Buffer, entry: Entry): string | null {
  if (entry.form === 1) return plainDigest(previous, entry.body)
  if (entry.form !== 2) return null
  const length = 4 + previous.length + entry.body.length
  if (length > scratch.length) scratch = Buffer.alloc(length * 2)
  scratch.writeInt32BE(previous.length, 0)
  previous.copy(scratch, 4)
  entry.body.copy(scratch, 4 + previous.length)
  return hash('sha256', scratch.subarray(0, length), 'latin1')
}

/** PostgreSQL counts from the year 2000. */
const microsTo2000 = 946_684_800_000_000n

/** Form 1: the hash before, and the columns as the text of a JSON array. It could not tell no value from JSON's null, and wrote only the first. */
function plainDigest(previous: Buffer, body: Buffer): string | null {
  const [, , , at, ...values] = fieldsOf(body)
  const texts = values.slice(0, 6).map((value) => (value ? JSON.stringify(value.toString('utf8')) : 'null'))
  const documents = values.slice(6).map(jsonText)
  if (!at || documents.includes('null')) return null
  const head = [body.readBigInt64BE(organizationAt), body.readBigInt64BE(seqAt), at.readBigInt64BE(0) + microsTo2000]
  const array = `[${[...head, ...texts, ...documents.map((text) => text ?? 'null')].join(', ')}]`
  return hash('sha256', Buffer.concat([previous, Buffer.from(array, 'utf8')]), 'latin1')
}

/** jsonb on the wire: its version, 1, and its text. */
function jsonText(value: Buffer | null): string | undefined {
  if (value && value[0] !== 1) throw new Error('this is no entry of the audit log')
  return value?.subarray(1).toString('utf8')
}

function fieldsOf(body: Buffer): (Buffer | null)[] {
  const fields: (Buffer | null)[] = []
  for (let at = 0; at < body.length; ) {
    const length = body.readInt32BE(at)
    if (length < -1 || at + 4 + length > body.length) throw new Error('this is no entry of the audit log')
    fields.push(length < 0 ? null : body.subarray(at + 4, at + 4 + length))
    at += 4 + Math.max(length, 0)
  }
  return fields
}
