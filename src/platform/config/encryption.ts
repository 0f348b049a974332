// In production what goes to other machines goes encrypted, unless the operator has said that the network between them is
// theirs alone (OWASP ASVS 5.0, 12.3.1 and 12.3.3). Every address is judged before the first connection is opened.
import type { Values, Variable } from './table.ts'

const overHttp = [
  'S3_ENDPOINT',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'TWILIO_BASE_URL',
  'OPENAI_BASE_URL',
  'ULTRAVOX_BASE_URL',
  'DGAPI_URL',
  'COREAPI_URL',
] as const satisfies readonly Variable[]

interface Plain {
  readonly variable: Variable
  /** Completes "REDIS_URL …". */
  readonly message: string
}

/** The addresses on other machines that would be spoken to without TLS. */
export function plainAddresses(values: Values): Plain[] {
  const { DATABASE_URL, REDIS_URL, REDIS_HOST, MEMCACHED_HOST, MALWARE_SCANNER } = values
  const must = (variable: Variable, what: string): Plain => ({
    variable,
    message: `${what} in production, because it is on another machine; UNENCRYPTED_NETWORK=on allows it on a network of your own`,
  })
  return [
    ...overHttp.filter((variable) => isPlain(values[variable], 'http:')).map((variable) => must(variable, 'must begin with https://')),
    ...(DATABASE_URL && !isEncrypted(new URL(DATABASE_URL)) ? [must('DATABASE_URL', 'must end with ?sslmode=verify-full')] : []),
    ...(isPlain(REDIS_URL, 'redis:') ? [must('REDIS_URL', 'must begin with rediss://')] : []),
    ...(!REDIS_URL && isElsewhere(REDIS_HOST) ? [must('REDIS_HOST', 'must give way to a REDIS_URL that begins with rediss://')] : []),
    ...(isPlain(MALWARE_SCANNER, 'clamd:') ? [must('MALWARE_SCANNER', 'must not be set, for clamd is spoken to without TLS,')] : []),
    ...(isElsewhere(MEMCACHED_HOST) ? [must('MEMCACHED_HOST', 'must not be set, for Memcached is spoken to without TLS,')] : []),
  ]
}

const isPlain = (address: string | undefined, protocol: string): boolean => {
  if (address === undefined) return false
  const url = new URL(address)
  return url.protocol === protocol && !isThisMachine(url.hostname)
}

/** Modes that node-postgres encrypts in and asks for a certificate that it can trust; with libpq's own reading of them only the last does. */
function isEncrypted({ hostname, searchParams }: URL): boolean {
  const last = (name: string) => searchParams.getAll(name).at(-1) ?? '' // the one that node-postgres goes by
  if (isThisMachine(hostname) && isThisMachine(last('host'))) return true
  return last('sslmode') === 'verify-full' || (['require', 'verify-ca'].includes(last('sslmode')) && last('uselibpqcompat') !== 'true')
}

const isElsewhere = (host: string | undefined): boolean => host !== undefined && !isThisMachine(host)

/** A socket's folder is, too. */
export const isThisMachine = (host: string): boolean =>
  host === '' ||
  host === 'localhost' ||
  host === '::1' ||
  host === '[::1]' ||
  /^127(?:\.\d{1,3}){3}$/.test(host) ||
  /^(?:\/|%2f)/i.test(host)
