// Reads the settings from variables. Refuses them all at once: every problem is found before anything is said.
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { isThisMachine, plainAddresses } from './encryption.ts'
import { type Field, Unfit } from './kinds.ts'
import { readSecretKey } from './secret-key.ts'
import type { Settings } from './settings.ts'
import { table, type Values, type Variable } from './table.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Problem {
  readonly variable: string
  /** As given; of a secret, only its length. */
  readonly value: string | null
  /** Completes "PORT …". */
  readonly message: string
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(({ variable, value, message }) => `  ${variable}${value === null ? '' : `=${value}`} ${message}`)
    super(`${problems.length === 1 ? 'One setting is' : `${problems.length} settings are`} wrong:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** The settings; makes the data folder's secret key when there is none and needs to be one. @throws SettingsError */
export function loadSettings(environment: Environment): Settings {
  const problems: Problem[] = []
  const values = readValues(environment, problems)
  for (const rule of rules) problems.push(...rule(values, environment))
  if (problems.length > 0) throw new SettingsError(problems)
  const dataFolder = resolve(values.PATCHBAY_DATA)
  return freeze(nest(values, dataFolder, values.SECRET_KEY ?? secretKeyOf(dataFolder)))
}

function secretKeyOf(dataFolder: string): string {
  try {
    return readSecretKey(dataFolder)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = unusableFolder[error instanceof Error && 'code' in error ? String(error.code) : '']
    throw new SettingsError([
      message
        ? { variable: 'PATCHBAY_DATA', value: dataFolder, message }
        : { variable: 'SECRET_KEY', value: null, message: `is not set, and none can be kept in the data folder (${reason})` },
    ])
  }
}

/** The data folder is what is wrong, whatever was looked for in it. */
const unusableFolder: Readonly<Record<string, string>> = {
  ENOENT: 'cannot be made there; choose a folder that can be written',
  ENOTDIR: 'is no folder, or lies in something that is none; choose another',
  EEXIST: 'is no folder; choose another',
  EACCES: 'may not be read and written by this user; change its owner, or choose another folder',
  EPERM: 'may not be changed by this user; change its owner, or choose another folder',
  EROFS: 'is on a read-only file system; choose a folder that can be written',
  ENOSPC: 'is on a disk that is full; free some space, or choose a folder on another disk',
}

function readValues(environment: Environment, problems: Problem[]): Values {
  const entries = Object.entries<Field<unknown>>(table).map(([variable, field]) => [
    variable,
    readValue(variable, field, environment, problems),
  ])
  return Object.fromEntries(entries) as Values // the one border where text becomes typed: each field's own parse made its value
}

function readValue(variable: string, field: Field<unknown>, environment: Environment, problems: Problem[]): unknown {
  const name = [variable, ...(field.aliases ?? [])].find((candidate) => given(environment, candidate) !== undefined)
  const text = name === undefined ? undefined : given(environment, name)
  if (name === undefined || text === undefined) return typeof field.default === 'string' ? field.parse(field.default) : field.default
  try {
    return field.parse(text)
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    problems.push({ variable: name, value: field.secret ? `(${text.length} characters)` : text, message: error.message })
    return undefined
  }
}

/** An empty variable is one that is not set: that is how compose files and CI pass what they do not have. */
function given(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim()
  return text === '' ? undefined : text
}

type Rule = (values: Values, environment: Environment) => Problem[]

const problem = (variable: Variable, message: string, value: string | null = null): Problem[] => [{ variable, value, message }]

const needs =
  (variable: Variable, other: Variable): Rule =>
  (values, environment) =>
    values[variable] !== undefined && given(environment, other) === undefined ? problem(other, `must be set, because ${variable} is`) : []

const rules: readonly Rule[] = [
  // Node.js never comes back from making folders there.
  ({ PATCHBAY_DATA }) =>
    /^\/(?:proc|sys)(?:\/|$)/.test(PATCHBAY_DATA) ? problem('PATCHBAY_DATA', 'must be a folder that keeps files', PATCHBAY_DATA) : [],
  needs('TLS_CERT', 'TLS_KEY'),
  needs('TLS_KEY', 'TLS_CERT'),
  needs('AUTH0_DOMAIN', 'AUTH0_AUDIENCE'),
  ({ AUTH0_DOMAIN }) =>
    AUTH0_DOMAIN === undefined || /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(AUTH0_DOMAIN)
      ? []
      : problem('AUTH0_DOMAIN', 'must be a host name such as acme.eu.auth0.com', AUTH0_DOMAIN),
  // Whoever can change the key set on its way can sign as anybody.
  ({ AUTH0_BASE_URL }) =>
    AUTH0_BASE_URL === undefined || /^https:\/\//i.test(AUTH0_BASE_URL) || isThisMachine(new URL(AUTH0_BASE_URL).hostname)
      ? []
      : problem('AUTH0_BASE_URL', 'must begin with https:// unless it is on this machine', AUTH0_BASE_URL),
  needs('AUTH0_CLIENT_ID', 'AUTH0_CLIENT_SECRET'),
  needs('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'),
  needs('AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'),
  needs('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'),
  ({ APP_ENV, SECRET_KEY }, environment) => {
    if (APP_ENV !== 'production') return []
    if (given(environment, 'SECRET_KEY') === undefined)
      return problem('SECRET_KEY', 'must be set in production; make one with: openssl rand -base64 48')
    if (SECRET_KEY !== undefined && SECRET_KEY.length < 32) {
      return problem('SECRET_KEY', 'must have at least 32 characters in production', `(${SECRET_KEY.length} characters)`)
    }
    return []
  },
  ({ APP_ENV, TWILIO_SIGNATURE_CHECK }) =>
    APP_ENV === 'production' && TWILIO_SIGNATURE_CHECK === false
      ? problem('TWILIO_SIGNATURE_CHECK', 'may not be off in production', 'off')
      : [],
  (values) =>
    values.APP_ENV === 'production' && !values.UNENCRYPTED_NETWORK
      ? plainAddresses(values).flatMap(({ variable, message }) => problem(variable, message))
      : [],
  ({ UPSTREAM_ROUTES, DGAPI_URL, COREAPI_URL }) => {
    const missing = (UPSTREAM_ROUTES ?? []).find((route) => (route.endsWith('=dgapi') ? !DGAPI_URL : !COREAPI_URL))
    return missing === undefined ? [] : problem('UPSTREAM_ROUTES', `names an upstream whose URL is not set: ${missing}`)
  },
]

function nest(values: Values, dataFolder: string, secretKey: string): Settings {
  const redisUrl = values.REDIS_URL ?? (values.REDIS_HOST ? `redis://${values.REDIS_HOST}:${values.REDIS_PORT}` : undefined)
  return {
    env: values.APP_ENV,
    host: values.HOST,
    port: values.PORT,
    processes: values.PROCESSES,
    drainS: values.DRAIN_S,
    maxWaitMs: values.MAX_WAIT_MS,
    dataFolder,
    publicUrl: values.PUBLIC_URL?.replace(/\/+$/, ''),
    trustedProxies: values.TRUSTED_PROXIES,
    tls: values.TLS_CERT && values.TLS_KEY ? { cert: values.TLS_CERT, key: values.TLS_KEY } : undefined,
    log: { level: values.DEBUG ? 'debug' : values.LOG_LEVEL },
    telemetry: { otlp: values.OTEL_EXPORTER_OTLP_ENDPOINT },
    database: {
      url: values.DATABASE_URL,
      lanes: values.DATABASE_LANES ?? usualLanes(availableParallelism()),
      writers: values.DATABASE_WRITERS,
    },
    redis: redisUrl ? { url: redisUrl } : undefined,
    memcached: values.MEMCACHED_HOST ? { host: values.MEMCACHED_HOST, port: values.MEMCACHED_PORT } : undefined,
    s3: s3Of(values),
    maxBodyBytes: values.MAX_BODY_BYTES,
    bodyTimeoutS: values.BODY_TIMEOUT_S,
    maxBlobBytes: values.MAX_BLOB_BYTES,
    malwareScanner: { url: values.MALWARE_SCANNER, timeoutS: values.MALWARE_SCANNER_TIMEOUT_S },
    eventStreams: { perCaller: values.EVENT_STREAMS_PER_CALLER, perOrganization: values.EVENT_STREAMS_PER_ORGANIZATION },
    secretKey,
    operatorOrganization: values.OPERATOR_ORGANIZATION,
    secretKeyPrevious: values.SECRET_KEY_PREVIOUS,
    accessTokenMinutes: values.ACCESS_TOKEN_EXPIRE_MINUTES,
    passwordSignIn: values.PASSWORD_SIGN_IN,
    jwt: { publicKey: values.JWT_PUBLIC_KEY, issuer: values.JWT_ISSUER, audience: values.JWT_AUDIENCE },
    auth0: auth0Of(values),
    cors: { origins: values.CORS_ALLOW_ORIGIN.map((origin) => origin.replace(/\/$/, '')), maxAgeS: values.CORS_MAX_AGE },
    limits: {
      sapien: values.LIMIT_SAPIEN,
      trudy: values.LIMIT_TRUDY,
      gobi: values.LIMIT_GOBI,
      sei: values.LIMIT_SEI,
      seiAnonymous: values.LIMIT_SEI_ANONYMOUS,
      bella: values.LIMIT_BELLA,
    },
    sandbox: values.PATCHBAY_SANDBOX,
    twilio: {
      accountSid: values.TWILIO_ACCOUNT_SID,
      authToken: values.TWILIO_AUTH_TOKEN,
      baseUrl: values.TWILIO_BASE_URL,
      signatureCheck: values.TWILIO_SIGNATURE_CHECK,
    },
    openai: openaiOf(values),
    dgapiUrl: values.DGAPI_URL,
    coreapiUrl: values.COREAPI_URL,
  }
}

/** PostgreSQL is as often as not on this machine: more backends at work than processors keep this process from its own. */
export const usualLanes = (processors: number): number => Math.min(4, Math.max(2, processors))

const s3Of = (values: Values): Settings['s3'] =>
  values.S3_BUCKET
    ? {
        bucket: values.S3_BUCKET,
        region: values.S3_REGION,
        endpoint: values.S3_ENDPOINT,
        accessKeyId: values.AWS_ACCESS_KEY_ID,
        secretAccessKey: values.AWS_SECRET_ACCESS_KEY,
      }
    : undefined

const auth0Of = (values: Values): Settings['auth0'] =>
  values.AUTH0_DOMAIN && values.AUTH0_AUDIENCE
    ? {
        domain: values.AUTH0_DOMAIN,
        audience: values.AUTH0_AUDIENCE,
        clientId: values.AUTH0_CLIENT_ID,
        clientSecret: values.AUTH0_CLIENT_SECRET,
        baseUrl: values.AUTH0_BASE_URL,
      }
    : undefined

const openaiOf = (values: Values): Settings['openai'] =>
  values.OPENAI_API_KEY
    ? {
        apiKey: values.OPENAI_API_KEY,
        baseUrl: values.OPENAI_BASE_URL,
        model: values.OPENAI_MODEL,
        transcriptionModel: values.OPENAI_TRANSCRIPTION_MODEL,
      }
    : undefined

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freeze(inner)
    Object.freeze(value)
  }
  return value
}
