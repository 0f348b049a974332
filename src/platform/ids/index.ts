// Identifiers and secrets. UUIDv7 (RFC 9562) sorts by the time it was made, which the partitions rely on.
import { randomBytes, randomFillSync } from 'node:crypto'

/** A UUIDv7 for the given moment. */
export function uuidv7(at: Date): string {
  const bytes = Buffer.allocUnsafe(16)
  randomFillSync(bytes, 6)
  bytes.writeUIntBE(at.getTime(), 0, 6)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** When a UUIDv7 was made, in milliseconds since 1970. */
export const madeAt = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16)

export const uuidPattern = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'
const uuidShape = new RegExp(uuidPattern)
export const isUuid = (text: string): boolean => uuidShape.test(text)

/** From 0 to below 1; for what must not fall together (waiting times). */
export const chance = (): number => randomBytes(4).readUInt32BE() / 2 ** 32

/** A secret of `bytes` random bytes, base64url. */
export const secret = (bytes = 32): string => randomBytes(bytes).toString('base64url')

const crockford = Buffer.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
const idLength = 26
/** Random letters, made many at a time: asking for randomness costs more than all the rest of an id. */
const letters = Buffer.alloc(idLength * 256)
let used = letters.length

/** `req_` and 26 characters: what names a request in headers, errors and logs. */
export function requestId(): string {
  if (used === letters.length) {
    randomFillSync(letters)
    for (const [index, byte] of letters.entries()) letters[index] = crockford[byte & 31] ?? 0
    used = 0
  }
  used += idLength
  return `req_${letters.toString('latin1', used - idLength, used)}`
}
