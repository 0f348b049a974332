// The telephony provider's side: calls that come in, speak, are recorded and end, rightly signed; then the same out of
// order, again, late, with odd fields, and signed by nobody.
import twilio from 'twilio'
import type { World } from './credentials.ts'
import type { Dice } from './dice.ts'
import { hostileTexts } from './hostile.ts'

export type Form = readonly (readonly [string, string])[]

const utterances = [
  'hello, I would like to book an appointment please',
  'my name is Grace Hopper',
  'in three days at ten in the morning',
  'tomorrow afternoon',
  'the first one',
  'yes please',
  'no',
  'cancel my appointment',
  'when is my appointment',
  'I want to speak to a person',
  'can I leave a message',
  'what are your opening hours',
  'no that is all, bye',
  'ich möchte einen Termin',
]
const statuses = [
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'answered',
  'completed',
  'busy',
  'failed',
  'no-answer',
  'canceled',
  'nonsense',
  '',
]
const times = [
  'Mon, 16 Nov 2026 10:00:00 +0000',
  'yesterday',
  'Thu, 01 Jan 1970 00:00:00 +0000',
  '',
  'Fri, 31 Dec 9999 23:59:59 +0000',
  '+275760-09-13',
]

/** How many calls are on the line at once, as far as the forms tell. */
const lines = 24
const sidOf = (prefix: string, seed: number, count: number): string =>
  `${prefix}${(Math.imul(seed + 1, 2654435761) >>> 0).toString(16).padStart(8, '0')}${count.toString(16).padStart(24, '0')}`

/** The form of a post about some call, of the 24 that began last before the run's `number`-th request. */
export function formOf(world: World, seed: number, number: number, part: string, dice: Dice): { form: Form; call: string } {
  const epoch = Math.floor(number / 400)
  const line = epoch * lines + dice.int(lines) - (dice.chance(0.1) ? lines : 0)
  const call = sidOf('CA', seed, Math.max(0, line))
  const to = world.phoneNumbers[line % world.phoneNumbers.length] ?? ''
  const from = `+4477009${String(line % 100_000).padStart(5, '0')}`
  const fields: [string, string][] = [
    ['CallSid', call],
    ['AccountSid', 'AC00000000000000000000000000000001'],
    ['From', from],
    ['To', to],
    ['Direction', 'inbound'],
    ['CallStatus', dice.chance(0.8) ? 'in-progress' : dice.pick(statuses)],
  ]
  return { call, form: [...fields, ...fieldsOf(part, seed, line, dice)] }
}

function fieldsOf(part: string, seed: number, line: number, dice: Dice): [string, string][] {
  switch (part) {
    case 'collect':
      return dice.weigh({ words: 6, keys: 1, silence: 1 }) === 'words'
        ? [
            ['SpeechResult', dice.pick(utterances)],
            ['Confidence', dice.pick(['0.9', '0.42', '1', '', 'NaN', '-1', '1e999'])],
          ]
        : dice.chance(0.5)
          ? [['Digits', dice.pick(['1', '2', '0', '#', '12345678901234567890', '*'])]]
          : []
    case 'status':
      return [
        ['CallDuration', dice.pick(['0', '12', '-1', '1e9', 'NaN', '99999999999999999999', ''])],
        ['Timestamp', dice.pick(times)],
        ['SipResponseCode', dice.pick(['200', '486', 'x'])],
        ...(dice.chance(0.2) ? [['ParentCallSid', sidOf('CA', seed, Math.max(0, line - 1))] as [string, string]] : []),
      ]
    case 'recording':
      return [
        ['RecordingSid', sidOf('RE', seed, Math.max(0, line))],
        ['RecordingStatus', dice.pick(['in-progress', 'completed', 'absent', 'failed', 'nonsense'])],
        ['RecordingDuration', dice.pick(['7', '0', '-1', '1e99', 'NaN', '99999999999'])],
        ['RecordingChannels', dice.pick(['1', '2', '0', 'NaN', '70000', '-1'])],
        ['RecordingStartTime', dice.pick(times)],
      ]
    case 'dialled':
      return [
        ['DialCallStatus', dice.pick(statuses)],
        ['DialCallDuration', '3'],
      ]
    default:
      return []
  }
}

/** A form gone wrong: fields repeated, dropped, renamed or made of hostile text. */
export function hostileForm(form: Form, dice: Dice): Form {
  const at = dice.int(form.length)
  const [name, value] = form[at] ?? ['CallSid', '']
  switch (dice.weigh({ replace: 6, drop: 2, repeat: 2, add: 2, many: 1 })) {
    case 'replace':
      return form.with(at, [name, dice.pick(hostileTexts).toWellFormed()])
    case 'drop':
      return form.toSpliced(at, 1)
    case 'repeat':
      return [...form, [name, dice.chance(0.5) ? value : dice.pick(hostileTexts).toWellFormed()]]
    case 'add':
      return [
        ...form,
        [
          dice.pick(['__proto__', 'constructor', 'SpeechResult', 'Digits', 'RecordingUrl', 'ParentCallSid', 'a\u0000']),
          dice.pick(hostileTexts).toWellFormed(),
        ],
      ]
    default:
      return [...form, ...Array.from({ length: 900 }, (_, index) => [`X${index}`, 'x'] as const)]
  }
}

/** As the provider signs: the address, then every field. */
export function signatureOf(world: World, target: string, form: Form): string {
  const grouped: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of form) grouped[name] = grouped[name] === undefined ? value : [grouped[name], value].flat()
  return twilio.getExpectedTwilioSignature(world.carrierToken, `${world.url}${target}`, grouped)
}
