// Decides how this sandbox is set up, from its environment; the only file here that reads `process.env`.
// Refuses values it cannot use, with a sentence that names the variable.
import type { Speed } from './clock.ts'

export interface NumberSetting {
  phoneNumber: string
  voiceUrl?: string
  voiceFallbackUrl?: string
  statusCallback?: string
}

/** How webhooks are retried. Twilio's own policy is one retry of a failed connection; chaos tests let it try for longer. */
export interface WebhookPolicy {
  /** Keep retrying a failed connection for so many real seconds; 0 keeps to the retry count. */
  retryForS: number
  retryCount: number
  retryEveryMs: number
  connectTimeoutMs: number
  readTimeoutMs: number
}

export interface Settings {
  host: string
  port: number
  accountSid: string
  authToken: string
  openaiKey: string
  numbers: NumberSetting[]
  speed: Speed
  tied: boolean
  webhooks: WebhookPolicy
  bodyLimitBytes: number
  clamdPort: number
  /** clamd's StreamMaxLength. */
  clamdMostBytes: number
}

const defaultPolicy: WebhookPolicy = { retryForS: 0, retryCount: 1, retryEveryMs: 100, connectTimeoutMs: 5_000, readTimeoutMs: 15_000 }

export const defaults: Settings = {
  host: '127.0.0.1',
  port: 0,
  accountSid: `AC${'5'.repeat(32)}`,
  authToken: '5a'.repeat(16),
  openaiKey: 'sk-sandbox',
  numbers: [],
  speed: 1,
  tied: false,
  webhooks: defaultPolicy,
  bodyLimitBytes: 26 * 1024 * 1024,
  clamdPort: 0,
  clamdMostBytes: 100 * 1024 * 1024,
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    ...defaults,
    host: env.SANDBOX_HOST ?? defaults.host,
    port: wholeNumber('SANDBOX_PORT', env.SANDBOX_PORT, defaults.port),
    accountSid: accountSid(env.SANDBOX_ACCOUNT_SID ?? defaults.accountSid),
    authToken: env.SANDBOX_AUTH_TOKEN ?? defaults.authToken,
    openaiKey: env.SANDBOX_OPENAI_KEY ?? defaults.openaiKey,
    clamdPort: wholeNumber('SANDBOX_CLAMD_PORT', env.SANDBOX_CLAMD_PORT, defaults.clamdPort),
    clamdMostBytes: wholeNumber('SANDBOX_CLAMD_MAX_BYTES', env.SANDBOX_CLAMD_MAX_BYTES, defaults.clamdMostBytes),
    numbers: numbers(env.SANDBOX_NUMBERS),
    speed: parseSpeed(env.SANDBOX_SPEED ?? '1', 'SANDBOX_SPEED'),
    tied: env.SANDBOX_TIED === '1',
    webhooks: {
      ...defaultPolicy,
      retryForS: wholeNumber('SANDBOX_WEBHOOK_RETRY_S', env.SANDBOX_WEBHOOK_RETRY_S, defaultPolicy.retryForS),
      readTimeoutMs: wholeNumber('SANDBOX_WEBHOOK_TIMEOUT_MS', env.SANDBOX_WEBHOOK_TIMEOUT_MS, defaultPolicy.readTimeoutMs),
    },
  }
}

/** `instant`, or how many times faster than the wall clock. @throws when it is neither */
export function parseSpeed(value: unknown, name: string): Speed {
  if (value === 'instant') return 'instant'
  const factor = Number(value)
  if (!(factor > 0 && factor <= 10_000)) throw new Error(`${name} must be "instant" or a number above 0 and at most 10000`)
  return factor
}

function wholeNumber(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined || value === '') return otherwise
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0) throw new Error(`${name} must be a whole number, not "${value}"`)
  return number
}

function accountSid(value: string): string {
  if (!/^AC[0-9a-f]{32}$/.test(value)) throw new Error('SANDBOX_ACCOUNT_SID must be AC and 32 hexadecimal digits')
  return value
}

function numbers(json: string | undefined): NumberSetting[] {
  if (!json) return []
  const list: unknown = JSON.parse(json)
  if (!Array.isArray(list) || !list.every(isNumberSetting))
    throw new Error('SANDBOX_NUMBERS must be a JSON list of {"phoneNumber": "+1…", "voiceUrl"?}')
  return list
}

function isNumberSetting(value: unknown): value is NumberSetting {
  return typeof value === 'object' && value !== null && 'phoneNumber' in value && /^\+[1-9]\d{6,14}$/.test(String(value.phoneNumber))
}
