// The settings as the rest of the server sees them: nested, typed, frozen. Names and rules of the variables: table.ts.
import type { LimitRule } from '../limits/index.ts'

export interface Settings {
  readonly env: 'development' | 'testing' | 'production'
  readonly host: string
  readonly port: number
  readonly processes: number
  readonly drainS: number
  readonly maxWaitMs: number
  /** Absolute. */
  readonly dataFolder: string
  readonly publicUrl?: string
  readonly trustedProxies: readonly string[]
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly log: { readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' }
  readonly telemetry: { readonly otlp?: string }
  /** Without `url`, the embedded PostgreSQL of the data folder. */
  readonly database: { readonly url?: string; readonly lanes: number; readonly writers: number }
  readonly redis?: { readonly url: string }
  readonly memcached?: { readonly host: string; readonly port: number }
  readonly s3?: {
    readonly bucket: string
    readonly region: string
    readonly endpoint?: string
    readonly accessKeyId?: string
    readonly secretAccessKey?: string
  }
  readonly maxBodyBytes: number
  readonly bodyTimeoutS: number
  readonly maxBlobBytes: number
  readonly malwareScanner: { readonly url?: string; readonly timeoutS: number }
  /** Of one process. */
  readonly eventStreams: { readonly perCaller: number; readonly perOrganization: number }
  /** Whose admins may operate what all organisations share. */
  readonly operatorOrganization: number
  readonly secretKey: string
  readonly secretKeyPrevious: readonly string[]
  readonly accessTokenMinutes: number
  /** Whether people sign in here, with a password. */
  readonly passwordSignIn: boolean
  /** Tokens of a foreign issuer, by its key. */
  readonly jwt: { readonly publicKey?: string; readonly issuer?: string; readonly audience?: string }
  readonly auth0?: {
    readonly domain: string
    readonly audience: string
    readonly clientId?: string
    readonly clientSecret?: string
    readonly baseUrl?: string
  }
  readonly cors: { readonly origins: readonly string[]; readonly maxAgeS: number }
  readonly limits: {
    readonly sapien: LimitRule
    readonly trudy: LimitRule
    readonly gobi: LimitRule
    readonly sei: LimitRule
    readonly seiAnonymous: LimitRule
    readonly bella: LimitRule
  }
  readonly sandbox: 'auto' | 'on' | 'off'
  readonly twilio: {
    readonly accountSid?: string
    readonly authToken?: string
    readonly baseUrl?: string
    readonly signatureCheck: boolean
  }
  /** Who transcribes where no OpenAI key is set: the sandbox, when it runs. */
  readonly transcription?: { readonly apiKey: string; readonly baseUrl: string; readonly model: string }
  readonly openai?: { readonly apiKey: string; readonly baseUrl?: string; readonly model: string; readonly transcriptionModel: string }
  readonly dgapiUrl?: string
  readonly coreapiUrl?: string
}
