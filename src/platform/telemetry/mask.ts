// Decides what of a person, and of a secret, may stand in a log line: of a number its last two digits, of a transcript its length.
// Works on values before they are written, so that what is masked was never on disk. Errs on the side of masking.

const secretKey = /authorization|cookie|password|passwd|secret|token|apikey|accesskey|privatekey|credential|signature|connectionstring/
const numberKey = /phone|mobile|msisdn|callerid|^(?:from|to|number|caller|callee|called|ani|dnis|cli|destination|forwardingnumber|fax)$/
const nameKey = /^(?:first|last|full|display|given|family|middle|caller|callee|contact|customer|patient|lead|spoken|preferred|user)name$/
const wordsKey = /transcript|speechresult|utterance|prompttext|voicemailtext|^(?:notes|statusmessage)$/
const addressKey = /^(?:street|streetaddress|postaladdress|postcode|zipcode|birthdate|dateofbirth|dob)$/
const personKey = /^(?:user|contact|person|caller|callee|lead|patient|customer|member|employee|callers|users|contacts|people|leads)$/

/** A `+` (also as `%2B`) and six digits or more, however they are spaced: E.164 (ITU-T E.164 §6) and what people make of it. */
const plusNumber = /(?:\+|%2b)[\s().-]*\d(?:[\s().\-/]{0,3}\d){5,}/gi
/** `tel:`, `sip:` and `00` prefixes, and North American numbers as they are printed. */
const schemeNumber = /\b(?:tel|sips?):\+?\d[\d().-]{5,}/gi
const zeroZeroNumber = /(?<![\w.-])00[1-9](?:[ ().-]?\d){7,14}(?![\w-])/g
const printedNumber = /(?<![\w-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])/g
const email = /[^\s@"<>(),;:\\[\]]{1,64}@[^\s@"'<>(),;:\\[\]{}/?#]+/g
const encodedEmail = /[\w.%+-]{1,64}%40[\w.-]+/gi
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g
const urlPassword = /(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g

/** What any of the above begins with: most texts have none of it. */
const suspect = /[@+%]|\d{3}|eyJ|:\/\/|bearer|basic|tel:|sips?:/i

const maskNumber = (text: string): string => `+*${text.replace(/\D/g, '').slice(-2)}`

/** Free text: numbers, e-mail addresses and credentials inside it are masked, the rest stays. */
export function maskText(text: string): string {
  if (!suspect.test(text)) return text
  let masked = text
  if (/bearer|basic/i.test(masked)) masked = masked.replace(bearer, '$1 [masked]')
  if (masked.includes('eyJ')) masked = masked.replace(jsonWebToken, '[token]')
  if (masked.includes('://')) masked = masked.replace(urlPassword, '$1:[masked]@')
  if (masked.includes('@')) masked = masked.replace(email, '[e-mail]')
  if (/%40/.test(masked)) masked = masked.replace(encodedEmail, '[e-mail]')
  return maskNumbers(masked)
}

/** Numbers alone. Safe on text that is JSON already, as it only ever replaces digits and what stands between them. */
export function maskNumbers(text: string): string {
  // Each search is made only where its first characters are: this runs over every line.
  let masked = text
  if (/\+|%2b/i.test(masked)) masked = masked.replace(plusNumber, maskNumber)
  if (/tel:|sips?:/i.test(masked)) masked = masked.replace(schemeNumber, maskNumber)
  if (masked.includes('00')) masked = masked.replace(zeroZeroNumber, maskNumber)
  if (/\d[-. ]\d{4}/.test(masked)) masked = masked.replace(printedNumber, maskNumber)
  return masked
}

const deepest = 6
const longest = 100

/** A value of any shape, ready for a log line: plain data, masked by key and by content, never deeper than six levels. */
export function maskValue(value: unknown, key = '', parentKey = '', depth = 0): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value
  const word = wordOf(key)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return maskScalar(value, word, parentKey)
  if (typeof value !== 'object') return `[${typeof value}]`
  if (kindOf(word) === 'secret') return '[masked]'
  if (value instanceof Error) return maskError(value, depth)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= deepest) return '[deeper]'
  if (Array.isArray(value)) return value.slice(0, longest).map((item) => maskValue(item, key, parentKey, depth + 1))
  if (!isPlain(value)) return `[${value.constructor?.name ?? 'object'}]`
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [maskText(name), maskValue(item, name, word || parentKey, depth + 1)]),
  )
}

function maskScalar(value: string | number | bigint, word: string, parentWord: string): unknown {
  const kind = kindOf(word)
  if (kind === 'plain' && typeof value === 'number') return value
  const text = String(value)
  if (kind === 'number' && /\d(?:\D{0,3}\d){5,}/.test(text) && !/^\d{4}-\d\d-\d\d/.test(text)) return maskNumber(text)
  if (typeof value === 'number') return value
  if (kind === 'secret' || kind === 'address') return '[masked]'
  if (kind === 'name' || (word === 'name' && personKey.test(parentWord))) return '[name]'
  if (kind === 'words') return `[${text.length} characters]`
  return typeof value === 'bigint' ? text : maskText(text)
}

type KeyKind = 'secret' | 'number' | 'name' | 'words' | 'address' | 'plain'

function judgeKey(word: string): KeyKind {
  if (numberKey.test(word)) return 'number'
  if (secretKey.test(word)) return 'secret'
  if (nameKey.test(word)) return 'name'
  if (wordsKey.test(word)) return 'words'
  return addressKey.test(word) ? 'address' : 'plain'
}

const wordOf = remembered((key) => key.toLowerCase().replace(/[^a-z0-9]/g, ''))
const kindOf = remembered(judgeKey)

/** A log says the same few keys over and over; keys that callers make up are judged each time. */
function remembered<T>(judge: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const judged = judge(key)
    if (known.size < 2000) known.set(key, judged)
    return judged
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** An error with its causes; its own fields (a refusal's details, a driver's parameters) are masked like any data. */
export function maskError(error: Error, depth = 0): Record<string, unknown> {
  const fields = Object.entries(error).filter(([name]) => !['name', 'message', 'stack', 'cause'].includes(name))
  return {
    type: error.name,
    message: maskText(error.message),
    stack: error.stack === undefined ? undefined : maskText(error.stack),
    ...Object.fromEntries(fields.map(([name, item]) => [name, maskValue(item, name, '', depth + 1)])),
    ...(error.cause === undefined || depth >= deepest ? {} : { cause: maskValue(error.cause, 'cause', '', depth + 1) }),
  }
}
