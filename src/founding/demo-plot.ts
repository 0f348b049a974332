// The demo's history as data: who belongs to Acme Corporation, who rings and is rung, when, and what is said. Numbers
// are from ranges kept for fiction (Ofcom: +44 7700 900xxx); everybody is a scientist of the past.

export interface Colleague {
  readonly firstName: string
  readonly lastName: string
  readonly mobile: string
  readonly roles: readonly ('supervisor' | 'user')[]
}

export const colleagues = {
  ada: { firstName: 'Ada', lastName: 'Lovelace', mobile: '+447700900101', roles: ['supervisor'] },
  alan: { firstName: 'Alan', lastName: 'Turing', mobile: '+447700900102', roles: ['supervisor'] },
  dorothy: { firstName: 'Dorothy', lastName: 'Hodgkin', mobile: '+447700900103', roles: ['user'] },
  emmy: { firstName: 'Emmy', lastName: 'Noether', mobile: '+447700900104', roles: ['user'] },
} as const satisfies Record<string, Colleague>

export const customers = {
  newton: { name: 'Isaac Newton', mobile: '+447700900201' },
  franklin: { name: 'Rosalind Franklin', mobile: '+447700900202' },
  darwin: { name: 'Charles Darwin', mobile: '+447700900203' },
  herschel: { name: 'Caroline Herschel', mobile: '+447700900204' },
  faraday: { name: 'Michael Faraday', mobile: '+447700900205' },
  meitner: { name: 'Lise Meitner', mobile: '+447700900206' },
  maxwell: { name: 'James Maxwell', mobile: '+447700900207' },
  somerville: { name: 'Mary Somerville', mobile: '+447700900208' },
  boyle: { name: 'Robert Boyle', mobile: '+447700900209' },
  anning: { name: 'Mary Anning', mobile: '+447700900210' },
} as const

export type ColleagueKey = keyof typeof colleagues
export type CustomerKey = keyof typeof customers

/** A working day counted from today (-1 is the one before, 1 the next) and a local time. */
export interface Moment {
  readonly day: number
  readonly time: string
}

interface SceneBase {
  readonly at: Moment
  readonly who: CustomerKey
}
/** Somebody rings the main line and talks to the assistant; `{slot}` in their words is the slot as it is spoken. */
export interface Talk extends SceneBase {
  readonly kind: 'talk'
  readonly says: readonly string[]
  readonly slot?: Moment
  /** Takes the call when the caller asks for a person. */
  readonly putThrough?: { readonly to: ColleagueKey; readonly talkS: number }
}
/** Rings at a colleague, and nobody gets there in time. */
export interface Missed extends SceneBase {
  readonly kind: 'missed'
  readonly end: 'no_answer' | 'cancelled'
  readonly at: Moment
  readonly to: ColleagueKey
  readonly ringS: number
}
/** A colleague rings a customer. */
export interface Outbound extends SceneBase {
  readonly kind: 'outbound'
  readonly by: ColleagueKey
  readonly end: 'completed' | 'no_answer' | 'busy' | 'failed' | 'cancelled'
  readonly ringS: number
  readonly talkS?: number
}
/** Somebody came to their appointment, or did not. */
export interface Visit extends SceneBase {
  readonly kind: 'visit'
  readonly end: 'completed' | 'no_show'
}
export type Scene = Talk | Missed | Outbound | Visit

const at = (day: number, time: string): Moment => ({ day, time })
const talk = (who: CustomerKey, when: Moment, says: readonly string[], slot?: Moment): Talk => ({
  kind: 'talk',
  who,
  at: when,
  says,
  ...(slot ? { slot } : {}),
})
const books = (who: CustomerKey, when: Moment, slot: Moment): Talk =>
  talk(
    who,
    when,
    [`Hi, it's ${customers[who].name}, I'd like to book an appointment for {slot}`, 'yes please', 'no thank you, goodbye'],
    slot,
  )
const asks = (who: CustomerKey, when: Moment): Talk =>
  talk(who, when, ['Have you got anything free tomorrow afternoon?', 'I will ring back later, goodbye'])
const putThrough = (who: CustomerKey, when: Moment, to: ColleagueKey, talkS: number): Talk => ({
  ...talk(who, when, ['Can I speak to a person please?']),
  putThrough: { to, talkS },
})
const missed = (who: CustomerKey, when: Moment, to: ColleagueKey, end: Missed['end'], ringS: number): Missed => ({
  kind: 'missed',
  who,
  at: when,
  to,
  end,
  ringS,
})
const rings = (by: ColleagueKey, who: CustomerKey, when: Moment, end: Outbound['end'], ringS: number, talkS?: number): Outbound => ({
  kind: 'outbound',
  by,
  who,
  at: when,
  end,
  ringS,
  ...(talkS === undefined ? {} : { talkS }),
})
const visit = (who: CustomerKey, when: Moment, end: Visit['end']): Visit => ({ kind: 'visit', who, at: when, end })

/** Ten working days, a few calls each. */
export const scenes: readonly Scene[] = [
  books('newton', at(-10, '09:12'), at(-6, '10:00')),
  rings('dorothy', 'darwin', at(-10, '10:41'), 'completed', 9, 184),
  missed('meitner', at(-10, '16:20'), 'ada', 'no_answer', 32),
  books('franklin', at(-9, '09:47'), at(-6, '14:30')),
  rings('emmy', 'faraday', at(-9, '11:05'), 'busy', 2),
  asks('boyle', at(-9, '15:33')),
  putThrough('herschel', at(-8, '10:08'), 'ada', 142),
  rings('dorothy', 'faraday', at(-8, '11:20'), 'completed', 14, 317),
  rings('emmy', 'anning', at(-8, '14:02'), 'no_answer', 30),
  books('darwin', at(-7, '09:31'), at(2, '09:30')),
  missed('maxwell', at(-7, '12:15'), 'alan', 'cancelled', 11),
  rings('alan', 'maxwell', at(-7, '12:50'), 'completed', 7, 96),
  visit('newton', at(-6, '10:35'), 'completed'),
  rings('dorothy', 'somerville', at(-6, '11:48'), 'failed', 1),
  visit('franklin', at(-6, '15:05'), 'no_show'),
  rings('ada', 'franklin', at(-6, '15:20'), 'completed', 12, 73),
  books('faraday', at(-5, '10:27'), at(3, '11:15')),
  rings('emmy', 'boyle', at(-5, '13:40'), 'no_answer', 28),
  asks('anning', at(-5, '17:02')),
  books('maxwell', at(-4, '09:05'), at(1, '16:15')),
  putThrough('somerville', at(-4, '11:36'), 'ada', 258),
  rings('dorothy', 'herschel', at(-4, '15:12'), 'busy', 3),
  rings('emmy', 'anning', at(-3, '10:16'), 'completed', 8, 411),
  books('meitner', at(-3, '11:54'), at(4, '14:45')),
  rings('alan', 'newton', at(-3, '16:31'), 'cancelled', 6),
  talk('faraday', at(-2, '09:22'), ['I need to cancel my appointment please', 'yes', 'no thanks, bye']),
  books('anning', at(-2, '12:41'), at(2, '15:30')),
  rings('dorothy', 'boyle', at(-2, '14:09'), 'completed', 10, 129),
  missed('herschel', at(-2, '16:55'), 'dorothy', 'no_answer', 25),
  books('herschel', at(-1, '09:18'), at(5, '10:45')),
  rings('ada', 'meitner', at(-1, '10:52'), 'completed', 5, 205),
  rings('emmy', 'darwin', at(-1, '13:27'), 'failed', 2),
  books('somerville', at(-1, '14:36'), at(3, '15:15')),
  rings('alan', 'boyle', at(-1, '15:58'), 'no_answer', 30),
]

/** Rung through the sandbox on the first start: conversations with a recording, then messages for a colleague who is out. */
export const liveTalks: readonly { readonly who: CustomerKey; readonly says: readonly string[]; readonly slot?: Moment }[] = [
  {
    who: 'boyle',
    says: ["Hi, it's Robert Boyle, I'd like to book an appointment for {slot}", 'Yes please', 'No thank you, goodbye'],
    slot: at(6, '11:00'),
  },
  { who: 'newton', says: ['Have you got anything free tomorrow morning?', 'I will ring back later, goodbye'] },
  { who: 'meitner', says: ['I need to move my appointment to {slot}', 'Yes', 'No thanks, bye'], slot: at(6, '14:00') },
]
export const liveMessages: readonly { readonly who: CustomerKey; readonly leaves: string }[] = [
  {
    who: 'franklin',
    leaves: 'Hello, this is Rosalind Franklin. I have the photographs that you asked for. Please ring me back this week.',
  },
  { who: 'maxwell', leaves: 'James Maxwell here. I shall be ten minutes late for my appointment. Thank you.' },
]
