// The form fields that every voice webhook carries, in Twilio's own words.
// Source: https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application
import type { Call } from './call.ts'
import type { Fields } from './signature.ts'

export const apiVersion = '2010-04-01'

export function voiceFields(accountSid: string, call: Call, more: Fields = {}): Fields {
  const fields: Fields = {
    AccountSid: accountSid,
    ApiVersion: apiVersion,
    CallSid: call.sid,
    CallStatus: call.status,
    Called: call.to,
    Caller: call.from,
    Direction: call.direction,
    From: call.from,
    To: call.to,
    ...places('Called', call.to),
    ...places('Caller', call.from),
    ...places('From', call.from),
    ...places('To', call.to),
  }
  if (call.parentSid) fields.ParentCallSid = call.parentSid
  if (call.forwardedFrom) fields.ForwardedFrom = call.forwardedFrom
  if (call.answeredBy) fields.AnsweredBy = call.answeredBy
  return { ...fields, ...more }
}

// The longest prefix wins. City, state and zip stay empty, as they do for most numbers outside North America.
const countries: [string, string][] = [
  ['+353', 'IE'],
  ['+44', 'GB'],
  ['+49', 'DE'],
  ['+33', 'FR'],
  ['+34', 'ES'],
  ['+39', 'IT'],
  ['+31', 'NL'],
  ['+43', 'AT'],
  ['+41', 'CH'],
  ['+61', 'AU'],
  ['+91', 'IN'],
  ['+1', 'US'],
]

function places(party: string, number: string): Fields {
  const country = countries.find(([prefix]) => number.startsWith(prefix))?.[1] ?? ''
  return { [`${party}City`]: '', [`${party}Country`]: country, [`${party}State`]: '', [`${party}Zip`]: '' }
}
