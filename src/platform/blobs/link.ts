// Signed links to files of this machine: everything that serving one needs is inside the token, under a signature of ours.
// Refuses (by null) a token that was changed, made by others, or has expired: the caller cannot tell which.
import { checkKey } from './port.ts'

export interface OpenedLink {
  readonly key: string
  readonly filename: string
  readonly contentType: string
  readonly disposition: 'attachment' | 'inline'
}

interface Claims extends OpenedLink {
  /** Unix milliseconds. */
  readonly expires: number
}

export function signLink(claims: Claims, sign: (text: string) => string): string {
  const text = Buffer.from(JSON.stringify(claims), 'utf8').toString('base64url')
  return `${text}.${sign(text)}`
}

/** `verify` is the vault's verifier, which compares in constant time. Nothing of the token is read before it is known to be ours. */
export function openLink(token: string, verify: (text: string, signature: string) => boolean, now: Date): OpenedLink | null {
  const [text, signature, more] = token.split('.')
  if (!text || !signature || more !== undefined || !verify(text, signature)) return null
  const claims: Partial<Claims> = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  const { key, filename, contentType, disposition, expires } = claims
  if (key === undefined || filename === undefined || contentType === undefined || disposition === undefined) return null
  if (expires === undefined || expires <= now.getTime()) return null
  return { key: checkKey(key), filename, contentType, disposition }
}
