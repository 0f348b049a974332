// From a number as people write it, or as a carrier tells it, to E.164. Refuses what no network could ring.
import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js'

const e164 = /^\+[1-9]\d{6,14}$/

/**
 * `country` (ISO 3166) is whose national form is meant where no country code is written. A number in full international
 * form is taken when its length is one E.164 allows, also where its national plan is not known to us. Null: no number.
 */
export function toE164(text: string, country: string): string | null {
  const home: CountryCode = isSupportedCountry(country) ? country : 'GB'
  const parsed = parsePhoneNumberFromString(text, { defaultCountry: home, extract: false })
  if (parsed?.isPossible() && !parsed.ext && e164.test(parsed.number)) return parsed.number
  const bare = text.replace(/[\s().-]/g, '').replace(/^00/, '+')
  return e164.test(bare) ? bare : null
}

/**
 * The number that a call comes from, as its carrier tells it; null where it was withheld. Two who withhold theirs are not
 * one person: whatever says so must never find anybody.
 */
export const callerNumber = (told: string): string | null => (e164.test(told) && !withheld.test(told) ? told : null)

/** Twilio says `anonymous` (since May 2023); before, and on other ways, such words come as their letters' keys. */
const withheldWords = {
  restricted: '7378742833',
  anonymous: '266696687',
  unavailable: '86282452253',
  unknown: '8656696',
  blocked: '2562533',
}
const withheld = new RegExp(`^\\+1?(${Object.values(withheldWords).join('|')})$`)
