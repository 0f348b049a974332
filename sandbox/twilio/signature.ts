// Signs webhooks the way Twilio does: HMAC-SHA1 over the address and the sorted form fields.
// Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
import { createHmac } from 'node:crypto'

export type Fields = Record<string, string>

/** `url` is exactly the address that is called, with its query and without its fragment. */
export function signature(authToken: string, url: string, fields: Fields): string {
  const text = Object.keys(fields)
    .sort()
    .reduce((sum, name) => sum + name + fields[name], url)
  return createHmac('sha1', authToken).update(text, 'utf8').digest('base64')
}
