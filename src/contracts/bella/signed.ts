// Twilio proves itself by signing the address it posts to and everything it posts (HMAC-SHA1 over URL and sorted pairs).
import webhooks from 'twilio/lib/webhooks/webhooks.js'
import { findOwner, type Owner } from '../../domain/reception/index.ts'
import { systemPrincipal } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { RequestFacts, Verify } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const owners = new WeakMap<RequestFacts, Owner>()

/** The call that a verified post is about; null when it is not known yet. */
export const callOf = (request: RequestFacts): string | null => owners.get(request)?.callId ?? null

/** The session is that of the organisation whose call or number it is; of none when neither is ours. @throws invalid_signature */
export function signedByTwilio(house: House): Verify {
  const { twilio } = house.settings
  return async (request) => {
    if (twilio.signatureCheck && !isSigned(request, twilio.authToken ?? null)) refuse('invalid_signature')
    const fields = new Map(request.form)
    const numbers = [fields.get('To'), fields.get('Called'), fields.get('From')].filter((number) => number !== undefined)
    // What is told of a party that was rung is told of the call it was rung for.
    const sid = fields.get('ParentCallSid') || fields.get('CallSid') || ''
    const owner = await findOwner(house.database, 'twilio', sid, numbers)
    if (owner) owners.set(request, owner)
    return systemPrincipal(owner?.organizationId ?? 0, 'provider:twilio', 'provider')
  }
}

function isSigned({ headers, origin, url, form }: RequestFacts, authToken: string | null): boolean {
  const signature = headers['x-twilio-signature']
  if (!authToken || typeof signature !== 'string') return false
  return webhooks.validateRequest(authToken, signature, `${origin}${url}`, grouped(form))
}

/** A parameter that is repeated is signed with each of its values. */
function grouped(form: RequestFacts['form']): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of form) {
    const before = fields[name]
    fields[name] = before === undefined ? value : [before, value].flat()
  }
  return fields
}
