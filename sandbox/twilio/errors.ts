// Twilio's own error codes that the REST API here answers with, and their wording.
// Source: https://www.twilio.com/docs/api/errors
import { type Answer, json } from '../http.ts'

const catalogue = {
  20001: [400, 'Invalid parameter value'],
  20003: [401, 'Authenticate'],
  20004: [405, 'Method not allowed'],
  20404: [404, 'The requested resource {} was not found'],
  20429: [429, 'Too Many Requests'],
  20500: [500, 'An internal server error has occurred'],
  21201: [400, "No 'To' number is specified"],
  21205: [400, 'Url is not a valid URL: {}'],
  21210: [
    400,
    "The source phone number provided, {}, is not yet verified for your account. You may only make calls from phone numbers that you've verified or purchased from Twilio.",
  ],
  21211: [400, "The 'To' number {} is not a valid phone number."],
  21212: [400, "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID."],
  21213: [400, "A 'From' phone number is required."],
  21214: [400, "'To' phone number {} cannot be reached"],
  21215: [400, 'Account not authorized to call {}. Perhaps you need to enable some international permissions.'],
  21216: [400, 'Account not allowed to call {}.'],
  21220: [400, 'Call is not in-progress. Cannot redirect.'],
  21421: [400, 'PhoneNumber {} is invalid.'],
  21422: [400, 'PhoneNumber {} is not available.'],
  21451: [400, 'AreaCode {} is invalid.'],
  21452: [400, 'No phone numbers found in area code {}.'],
  21602: [400, 'Message body is required.'],
  21603: [400, "A 'From' phone number is required."],
  21604: [400, "A 'To' phone number is required."],
  21606: [400, "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number for this destination."],
  21610: [400, 'Attempt to send to unsubscribed recipient'],
  21614: [400, "'To' number {} is not a valid mobile number."],
  21617: [400, 'The concatenated message body exceeds the 1600 character limit.'],
  21248: [404, 'The requested recording resource is not eligible for this change: {}'],
} as const satisfies Record<number, readonly [number, string]>

export type TwilioCode = keyof typeof catalogue

export class TwilioRefusal extends Error {
  readonly code: TwilioCode
  constructor(code: TwilioCode, about = '') {
    super(catalogue[code][1].replace('{}', about))
    this.code = code
  }
}

export function refuse(code: TwilioCode, about = ''): never {
  throw new TwilioRefusal(code, about)
}

export function refusalAnswer(refusal: TwilioRefusal): Answer {
  const [status] = catalogue[refusal.code]
  const headers: Record<string, string> =
    status === 401 ? { 'www-authenticate': 'Basic realm="Twilio API"' } : status === 429 ? { 'retry-after': '1' } : {}
  return json(
    status,
    { code: refusal.code, message: refusal.message, more_info: `https://www.twilio.com/docs/errors/${refusal.code}`, status },
    headers,
  )
}
