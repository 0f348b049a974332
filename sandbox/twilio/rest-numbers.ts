// Twilio's numbers: what can be had, buying one, setting where its calls go, and giving it back.
// Sources: https://www.twilio.com/docs/phone-numbers/api/availablephonenumber-resource and /incomingphonenumber-resource
import { rfc2822 } from '../clock.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import { type HostedNumber, hostedNumber, type World } from '../world.ts'
import { refuse } from './errors.ts'
import { availableNumbers, countryOf, type Kind } from './number-stock.ts'
import { pageOf } from './paging.ts'
import { apiVersion } from './params.ts'
import { accountPath, formatted } from './rest-calls.ts'

const kinds: Record<string, Kind> = { 'Local.json': 'local', 'TollFree.json': 'toll-free', 'Mobile.json': 'mobile' }
const e164 = /^\+[1-9]\d{6,14}$/

export function numberRoutes(world: World): Route[] {
  const account = accountPath(world)
  const base = `${account}/IncomingPhoneNumbers`
  return [
    { method: 'GET', path: `${account}/AvailablePhoneNumbers/:country/:kind`, handle: (asked) => search(world, asked) },
    { method: 'POST', path: `${base}.json`, handle: (asked) => buy(world, asked, 'local') },
    { method: 'GET', path: `${base}.json`, handle: (asked) => list(world, asked) },
    { method: 'POST', path: `${base}/Local.json`, handle: (asked) => buy(world, asked, 'local') },
    { method: 'POST', path: `${base}/TollFree.json`, handle: (asked) => buy(world, asked, 'toll-free') },
    { method: 'POST', path: `${base}/Mobile.json`, handle: (asked) => buy(world, asked, 'mobile') },
    { method: 'GET', path: `${base}/:file`, handle: (asked) => json(200, render(world, find(world, asked.params.file))) },
    { method: 'POST', path: `${base}/:file`, handle: (asked) => update(world, asked) },
    { method: 'DELETE', path: `${base}/:file`, handle: (asked) => release(world, find(world, asked.params.file)) },
  ]
}

function find(world: World, file: string | undefined): HostedNumber {
  const sid = (file ?? '').replace(/\.json$/, '')
  return (
    [...world.numbers.values()].find((number) => number.sid === sid) ??
    refuse(20404, `${accountPath(world)}/IncomingPhoneNumbers/${sid}.json`)
  )
}

function search(world: World, asked: Asked): Answer {
  const kind = kinds[asked.params.kind ?? '']
  const country = countryOf(asked.params.country ?? '')
  if (!kind || !country) refuse(20404, asked.path)
  const size = Math.min(Math.max(Number(asked.query.get('PageSize') ?? 50) || 50, 1), 50)
  const found = availableNumbers(country, kind, asked.query, new Set(world.numbers.keys())).slice(0, size)
  return json(200, {
    uri: `${asked.path}${asked.query.size > 0 ? `?${asked.query}` : ''}`,
    available_phone_numbers: found.map(({ phoneNumber, region, locality }) => ({
      friendly_name: formatted(phoneNumber),
      phone_number: phoneNumber,
      lata: null,
      locality,
      rate_center: null,
      latitude: null,
      longitude: null,
      region,
      postal_code: null,
      iso_country: country.iso,
      address_requirements: 'none',
      beta: false,
      capabilities: { voice: true, SMS: true, MMS: country.iso === 'US' },
    })),
  })
}

/** By number or, in North America, by area code; the errors are those of Twilio's test credentials too. */
function buy(world: World, asked: Asked, kind: Kind): Answer {
  const phoneNumber = wanted(world, asked.form, kind)
  if (world.numbers.has(phoneNumber) || phoneNumber === '+15005550000') refuse(21422, phoneNumber)
  const number = hostedNumber(world, phoneNumber, { ...settingsIn(asked.form), kind })
  if (!asked.form.has('FriendlyName')) number.friendlyName = formatted(phoneNumber)
  world.numbers.set(phoneNumber, number)
  return json(201, render(world, number))
}

function wanted(world: World, form: URLSearchParams, kind: Kind): string {
  const phoneNumber = form.get('PhoneNumber')
  if (phoneNumber !== null) {
    if (!e164.test(phoneNumber) || phoneNumber === '+15005550001') refuse(21421, phoneNumber)
    return phoneNumber
  }
  const areaCode = form.get('AreaCode') ?? refuse(21421)
  if (!/^\d{3}$/.test(areaCode)) refuse(21451, areaCode)
  const country = countryOf('US')
  const [first] = country ? availableNumbers(country, kind, new URLSearchParams({ AreaCode: areaCode }), new Set(world.numbers.keys())) : []
  return first?.phoneNumber ?? refuse(21452, areaCode)
}

const fields: [string, keyof HostedNumber][] = [
  ['FriendlyName', 'friendlyName'],
  ['VoiceUrl', 'voiceUrl'],
  ['VoiceMethod', 'voiceMethod'],
  ['VoiceFallbackUrl', 'voiceFallbackUrl'],
  ['VoiceFallbackMethod', 'voiceFallbackMethod'],
  ['StatusCallback', 'statusCallback'],
  ['StatusCallbackMethod', 'statusCallbackMethod'],
  ['SmsUrl', 'smsUrl'],
  ['SmsMethod', 'smsMethod'],
]

function settingsIn(form: URLSearchParams): Partial<HostedNumber> {
  return Object.fromEntries(fields.filter(([name]) => form.has(name)).map(([name, field]) => [field, form.get(name) ?? '']))
}

function update(world: World, asked: Asked): Answer {
  const number = find(world, asked.params.file)
  Object.assign(number, settingsIn(asked.form), { updatedMs: world.clock.now() })
  return json(200, render(world, number))
}

function release(world: World, number: HostedNumber): Answer {
  world.numbers.delete(number.phoneNumber)
  return { status: 204 }
}

function list(world: World, asked: Asked): Answer {
  const phoneNumber = asked.query.get('PhoneNumber')
  const friendlyName = asked.query.get('FriendlyName')
  const items = [...world.numbers.values()]
    .filter((number) => phoneNumber === null || matches(number.phoneNumber, phoneNumber))
    .filter((number) => friendlyName === null || number.friendlyName === friendlyName)
    .toReversed()
  return pageOf(asked, { name: 'incoming_phone_numbers', items, sid: (number) => number.sid, render: (number) => render(world, number) })
}

/** A `*` stands for any digit, and a part of a number finds it. */
function matches(phoneNumber: string, pattern: string): boolean {
  const digits = pattern.replace(/[^\d*]/g, '')
  return new RegExp(digits.replaceAll('*', '\\d')).test(phoneNumber)
}

function render(world: World, number: HostedNumber): Record<string, unknown> {
  return {
    sid: number.sid,
    account_sid: world.settings.accountSid,
    phone_number: number.phoneNumber,
    friendly_name: number.friendlyName,
    voice_url: number.voiceUrl,
    voice_method: number.voiceMethod,
    voice_fallback_url: number.voiceFallbackUrl,
    voice_fallback_method: number.voiceFallbackMethod,
    voice_caller_id_lookup: false,
    voice_application_sid: '',
    voice_receive_mode: 'voice',
    status_callback: number.statusCallback,
    status_callback_method: number.statusCallbackMethod,
    sms_url: number.smsUrl,
    sms_method: number.smsMethod,
    sms_fallback_url: '',
    sms_fallback_method: 'POST',
    sms_application_sid: '',
    trunk_sid: null,
    bundle_sid: null,
    address_sid: null,
    identity_sid: null,
    address_requirements: 'none',
    emergency_status: 'Inactive',
    emergency_address_sid: null,
    emergency_address_status: 'unregistered',
    capabilities: { voice: true, sms: true, mms: true, fax: false },
    beta: false,
    origin: 'twilio',
    status: 'in-use',
    type: number.kind,
    api_version: apiVersion,
    date_created: rfc2822(number.createdMs),
    date_updated: rfc2822(number.updatedMs),
    uri: `${accountPath(world)}/IncomingPhoneNumbers/${number.sid}.json`,
  }
}
