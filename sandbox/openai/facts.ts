// Decides what a sentence says, by rule and the same each time: an intent, a name, days, times, a choice. It is a plain reader of
// clear sentences, good enough to stand in for a model; it is not meant to be clever.

export interface Facts {
  text: string
  intent: string | null
  name: string | null
  /** `YYYY-MM-DD`: none, one day, or the first and last of a range. */
  dates: string[]
  /** `HH:MM`: none, one, or two for a range. */
  times: string[]
  partOfDay: 'morning' | 'lunchtime' | 'afternoon' | 'evening' | null
  choice: number | null
  correction: boolean
  numbers: number[]
}

// The first that fits wins: what somebody wants comes before a polite yes.
const intents: [string, RegExp][] = [
  ['person', /\b(person|human|someone|somebody|agent|receptionist|operator|speak to|talk to)\b/],
  ['cancel', /\b(cancel|call off|won't make it|can't make it)\b/],
  ['move', /\b(move|change|reschedule|postpone|push back)\b.*\b(booking|appointment|it|time)\b|\breschedule\b/],
  ['availability', /\b(what|which|when|any)\b.*\b(free|available|availability|open|times|slots)\b|\bdo you have anything\b/],
  ['book', /\b(book|booking|appointment|make a reservation|reserve|come in|get in|see the)\b/],
  ['repeat', /\b(repeat|say that again|pardon|come again)\b/],
  ['goodbye', /\b(goodbye|bye|that's all|that is all|nothing else)\b/],
  ['help', /\b(help|what can you do|options)\b/],
  ['no', /^(no|nope|nah|wrong)\b|\b(not right|don't want)\b/],
  ['yes', /\b(yes|yeah|yep|yup|sure|correct|that's right|okay|ok|please do|go ahead|perfect|sounds good|fine)\b/],
]

/** @param today the local day of whoever listens */
export function readFacts(sentence: string, today: Temporal.PlainDate): Facts {
  const text = sentence.slice(0, 4_000)
  const lower = text.toLowerCase().replaceAll('’', "'")
  const dates = datesIn(lower, today)
  return {
    text,
    intent: intents.find(([, pattern]) => pattern.test(lower))?.[0] ?? null,
    name: nameIn(text),
    dates,
    times: timesIn(lower),
    partOfDay: partIn(lower),
    choice: choiceIn(lower),
    correction: /\b(actually|instead|i meant|no,|not that|rather|scrap that|sorry,)/.test(lower),
    numbers: [...lower.matchAll(/-?\d+(?:\.\d+)?/g)].map(([digits]) => Number(digits)),
  }
}

const nameLead =
  /\b(?:my name is|my name's|name is|i am|i'm|this is|it's|it is|for|under)\s+((?:(?:Mr|Mrs|Ms|Dr)\.?\s+)?\p{Lu}[\p{L}'’.-]*(?:\s+(?:de|van|von|der|la|bin|al|\p{Lu}[\p{L}'’.-]*)){0,4})/u
const noNames =
  /^(monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december|i)\b/i

function nameIn(text: string): string | null {
  const led = nameLead.exec(text)?.[1]
  if (led && !noNames.test(led)) return led.replace(/[.,]+$/, '')
  const whole = /^\s*(\p{Lu}[\p{L}'’-]+(?:\s+\p{Lu}[\p{L}'’-]+){1,3})[.!]?\s*$/u.exec(text)?.[1]
  return whole && !noNames.test(whole) ? whole : null
}

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']

function datesIn(text: string, today: Temporal.PlainDate): string[] {
  const iso = [...text.matchAll(/\b\d{4}-\d{2}-\d{2}\b/g)].map(([date]) => date).filter(isDate)
  if (iso.length > 0) return iso.slice(0, 2)
  const named = monthDay(text, today)
  if (named) return [named.toString()]
  if (/\bday after tomorrow\b/.test(text)) return [today.add({ days: 2 }).toString()]
  if (/\btomorrow\b/.test(text)) return [today.add({ days: 1 }).toString()]
  if (/\b(today|this afternoon|this morning|tonight)\b/.test(text)) return [today.toString()]
  const said = [...text.matchAll(/\b(next\s+)?(monday|tuesday|wednesday|thursday|friday|saturday|sunday)(\s+week)?\b/g)].at(-1)
  if (said) return [weekdayDate(today, weekdays.indexOf(said[2] ?? '') + 1, Boolean(said[3])).toString()]
  if (!/\bnext week\b/.test(text)) return []
  const monday = today.add({ days: 8 - today.dayOfWeek })
  return [monday.toString(), monday.add({ days: 6 }).toString()]
}

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number)
  return month >= 1 && month <= 12 && day >= 1 && day <= Temporal.PlainYearMonth.from({ year: Math.max(1, year), month }).daysInMonth
}

function weekdayDate(today: Temporal.PlainDate, weekday: number, aWeekLater: boolean): Temporal.PlainDate {
  const ahead = (weekday - today.dayOfWeek + 7) % 7 || 7
  return today.add({ days: ahead + (aWeekLater ? 7 : 0) })
}

/** "the 24th of November", "November 24", "the 3rd": the next such day. */
function monthDay(text: string, today: Temporal.PlainDate): Temporal.PlainDate | null {
  const month = months.findIndex((name) => new RegExp(`\\b${name}\\b`).test(text)) + 1
  const day = Number(
    /\b(\d{1,2})(?:st|nd|rd|th)\b/.exec(text)?.[1] ?? (month > 0 ? /\b(\d{1,2})\b(?!\s*(?::|am|pm|o'clock))/.exec(text)?.[1] : undefined),
  )
  if (!(day >= 1 && day <= 31)) return null
  const start = month > 0 ? today.with({ day: 1, month }) : today.with({ day: 1 })
  for (let step = 0; step < 14; step += 1) {
    const candidate = month > 0 ? start.add({ years: step }) : start.add({ months: step })
    if (day > candidate.daysInMonth) continue
    const date = candidate.with({ day })
    if (Temporal.PlainDate.compare(date, today) >= 0) return date
  }
  return null
}

const numberWords = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
const hourWords = numberWords.slice(1).join('|')
const minuteWords: Record<string, number> = {
  fifteen: 15,
  thirty: 30,
  'forty five': 45,
  'forty-five': 45,
  twenty: 20,
  ten: 10,
  forty: 40,
  fifty: 50,
}

function timesIn(text: string): string[] {
  const hour = `(\\d{1,2}|${hourWords})`
  const found: { at: number; time: string }[] = []
  const take = (pattern: RegExp, read: (parts: string[]) => [number, number] | null) => {
    for (const match of text.matchAll(pattern)) {
      const time = read(match.slice(1).map((part) => part ?? ''))
      const overlaps = found.some((other) => other.at >= match.index && other.at < match.index + match[0].length)
      if (time && !overlaps) found.push({ at: match.index, time: clockTime(time) })
    }
  }
  take(new RegExp(`\\bhalf(?: past)? ${hour}\\b`, 'g'), ([h = '']) => [hourOf(h, ''), 30])
  take(new RegExp(`\\bquarter (past|to) ${hour}\\b`, 'g'), ([side, h = '']) =>
    side === 'past' ? [hourOf(h, ''), 15] : [hourOf(h, '') - 1, 45],
  )
  take(/\b(\d{1,2})[:.](\d{2})\s*([ap])?\.?(?:m\b)?/g, ([h = '', m = '', half = '']) => [hourOf(h, half), Number(m)])
  take(
    new RegExp(`\\b${hour} (fifteen|thirty|forty[ -]five|twenty|forty|fifty)\\s*(?:([ap])\\.?m)?`, 'g'),
    ([h = '', m = '', half = '']) => [hourOf(h, half), minuteWords[m] ?? 0],
  )
  take(new RegExp(`\\b${hour}\\s*(?:o'clock\\s*)?([ap])\\.?m\\b`, 'g'), ([h = '', half = '']) => [hourOf(h, half), 0])
  take(new RegExp(`\\b${hour} o'clock\\b`, 'g'), ([h = '']) => [hourOf(h, ''), 0])
  take(/\b(noon|midday)\b/g, () => [12, 0])
  take(new RegExp(`\\b(?:at|around|about|after|before|by|between|and|from|to) ${hour}\\b(?!\\s*(?:of|th|st|nd|rd))`, 'g'), ([h = '']) => [
    hourOf(h, ''),
    0,
  ])
  return found
    .filter(({ time }) => /^([01]\d|2[0-3]):[0-5]\d$/.test(time))
    .toSorted((a, b) => a.at - b.at)
    .map(({ time }) => time)
    .slice(0, 2)
}

/** Before eight is the afternoon, unless it was said otherwise. */
function hourOf(word: string, half: string): number {
  const hour = numberWords.indexOf(word) > 0 ? numberWords.indexOf(word) : Number(word)
  if (half === 'p') return hour < 12 ? hour + 12 : hour
  if (half === 'a') return hour % 12
  return hour >= 1 && hour < 8 ? hour + 12 : hour
}

const clockTime = ([hour, minute]: [number, number]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`

function partIn(text: string): Facts['partOfDay'] {
  if (/\bmorning\b/.test(text)) return 'morning'
  if (/\blunch(time)?\b/.test(text)) return 'lunchtime'
  if (/\bafternoon\b/.test(text)) return 'afternoon'
  return /\b(evening|tonight)\b/.test(text) ? 'evening' : null
}

function choiceIn(text: string): number | null {
  if (/\b(neither|none of|not any of)\b/.test(text)) return 0
  if (/\bthe last( one)?\b|\blatest one\b/.test(text)) return -1
  const place = ['first', 'second', 'third', 'fourth', 'fifth'].findIndex((word) => new RegExp(`\\b(the )?${word}( one)?\\b`).test(text))
  return place === -1 ? null : place + 1
}
