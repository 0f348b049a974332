// Twilio's REST API by the official SDK, behind one guard. Another base URL (the sandbox's, a proxy's) is put in
// by the SDK's own seam for HTTP. Loaded at first use: the package is slow to import.
import type { Twilio } from 'twilio'
import type { Guard, Guards } from '../../platform/resilience/index.ts'

export interface TwilioSettings {
  readonly accountSid: string
  readonly authToken: string
  readonly baseUrl?: string | undefined
}

export interface TwilioClient {
  readonly settings: TwilioSettings
  /** @param idempotent whether the request may be sent again after it failed */
  call<T>(work: (sdk: Twilio) => Promise<T>, options: { idempotent: boolean }): Promise<T>
}

const policy = { timeoutMs: 10_000, retries: 2, breaker: { failures: 5, halfOpenAfterMs: 30_000 } }
const vendorHost = 'https://api.twilio.com'

/** There whether it is configured or not: its breaker is listed either way. */
export const twilioGuard = (guards: Guards): Guard => guards.guard('twilio_api', policy)

export function openTwilio(settings: TwilioSettings, guards: Guards): TwilioClient {
  const guard = twilioGuard(guards)
  let sdk: Promise<Twilio> | null = null
  return {
    settings,
    async call(work, { idempotent }) {
      sdk ??= load(settings)
      const loaded = await sdk
      return guard.call(() => work(loaded), { idempotent })
    },
  }
}

async function load({ accountSid, authToken, baseUrl }: TwilioSettings): Promise<Twilio> {
  const { default: twilio } = await import('twilio')
  const http = new twilio.RequestClient({ timeout: policy.timeoutMs })
  if (baseUrl) {
    const send = http.request.bind(http)
    http.request = (options) => send({ ...options, uri: options.uri.replace(vendorHost, baseUrl) })
  }
  return twilio(accountSid, authToken, { httpClient: http })
}

/** Twilio's answer that a thing does not exist. */
export const isUnknown = (error: unknown): boolean => (error as { status?: number }).status === 404
