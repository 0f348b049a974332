// What somebody on the phone says next, by what they have heard last and by what they rang for. They correct themselves, fall
// silent, mumble, press keys and hang up.
import type { Random } from './random.ts'

export type Errand = 'book' | 'cancel' | 'move' | 'person' | 'silence'

export type Utterance = { readonly say: string } | { readonly press: string } | { readonly silent: true } | { readonly hangUp: true }

export interface Caller {
  readonly errand: Errand
  readonly name: string
  /** How often they have changed their mind. */
  corrections: number
}

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const times = [
  'ten in the morning',
  'half past two in the afternoon',
  'eleven in the morning',
  'four in the afternoon',
  'nine in the morning',
]

export function whenWords(random: Random): string {
  const day = random.weighted({ next: 40, ahead: 40, tomorrow: 20 })
  const time = random.pick(times)
  if (day === 'tomorrow') return `tomorrow at ${time}`
  return day === 'next' ? `next ${random.pick(days)} at ${time}` : `in ${random.int(2, 45)} days at ${time}`
}

export function reply(caller: Caller, heard: string, random: Random): Utterance {
  if (caller.errand === 'silence') return { silent: true }
  switch (random.weighted({ plain: 84, silent: 4, mumble: 4, key: 3, hangUp: 5 })) {
    case 'silent':
      return { silent: true }
    case 'mumble':
      return { say: random.pick(['purple monkey dishwasher', 'hm', 'well the thing is you know', 'æøå 🎉']) }
    case 'key':
      return { press: random.pick(['1', '2', '3', '9', '5']) }
    case 'hangUp':
      return { hangUp: true }
    case 'plain':
      return { say: answerTo(caller, heard.toLowerCase(), random) }
  }
}

function answerTo(caller: Caller, heard: string, random: Random): string {
  if (/anything else/.test(heard)) return "no that's all, bye"
  if (/shall i book it|is that right/.test(heard)) return confirm(caller, random)
  if (/what should i change/.test(heard)) return 'the time'
  if (/name, please|what name/.test(heard)) return `my name is ${caller.name}`
  if (/which would you like|would that suit you|which one/.test(heard)) return 'the first one'
  if (/what day|which day|what time|another day|when would you like|nothing free/.test(heard)) return whenWords(random)
  if (/how can i help|book, move or cancel/.test(heard)) return opening(caller, random)
  return 'yes'
}

function confirm(caller: Caller, random: Random): string {
  if (caller.corrections < 2 && random.chance(0.2)) {
    caller.corrections += 1
    return random.pick([`no, make it ${random.pick(days)}`, 'actually at three in the afternoon', 'no'])
  }
  return 'yes please'
}

function opening({ errand, name }: Caller, random: Random): string {
  if (errand === 'cancel') return 'I want to cancel my appointment'
  if (errand === 'move') return random.chance(0.5) ? 'I need to move my appointment' : `can I move my appointment to ${whenWords(random)}`
  if (errand === 'person') return 'can I speak to a real person please'
  return random.chance(0.5) ? "I'd like to book an appointment" : `hi, it's ${name}, could I come in ${whenWords(random)}`
}
