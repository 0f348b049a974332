// Reads the days out of a cleaned text and works them out on the calendar of the desk's zone.
// A date that cannot be (the 31st of June) is no date; a day and a month without a year are the next such day.
import type { DayRule, DayWish, Grammar, Part } from '../../domain/conversation/index.ts'
import { type CompiledGrammar, type Groups, replaceEach } from './patterns.ts'

export interface FoundDay {
  wish: DayWish
  /** A weekday by itself, that other words may place in a week or a month. */
  weekday: number | null
  /** Said with week or date, so that nothing else moves it. */
  exact: boolean
}

export interface DaysRead {
  text: string
  found: FoundDay[]
}

type PlainDate = Temporal.PlainDate

/** A date that cannot be is taken out all the same, lest its pieces be read as another. */
export function readDays(text: string, today: PlainDate, compiled: CompiledGrammar): DaysRead {
  const found: FoundDay[] = []
  let rest = text
  for (const { rule, pattern } of compiled.days) {
    rest = replaceEach(rest, pattern, (groups) => {
      const day = meaning(rule, groups, today, compiled.grammar)
      if (!day) return rule.is === 'date' && (groups.mo ?? groups.month) !== undefined ? ' ' : null
      found.push(day)
      return `xday${found.length - 1}x`
    })
  }
  return { text: rest, found }
}

const count = (groups: Groups): number => Number(groups.n ?? '1')

function meaning(rule: DayRule, groups: Groups, today: PlainDate, grammar: Grammar): FoundDay | null {
  const whole = (wish: DayWish | null): FoundDay | null => wish && { wish, weekday: null, exact: wish.kind === 'date' }
  switch (rule.is) {
    case 'weekday':
      return weekdayOf(rule, groups, today, grammar)
    case 'date':
      return whole(dateOf(rule, groups, today, grammar))
    case 'offset': {
      const date = addUnits(today, groups, grammar)?.add({ days: rule.days ?? 0 })
      return whole(date ? { kind: 'date', date: date.toString() } : null)
    }
    case 'shift': {
      if (rule.days !== undefined) return whole({ kind: 'shift', days: rule.days })
      const date = addUnits(today, groups, grammar)
      return whole(date && { kind: 'shift', days: today.until(date).days })
    }
    case 'week':
      return whole(weekPart(today.subtract({ days: today.dayOfWeek - 1 }).add({ weeks: rule.weeks }), rule.part, today))
    case 'weekend': {
      const saturday = today.add({ days: 6 - today.dayOfWeek + 7 * rule.weeks })
      return whole(range(saturday, saturday.add({ days: 1 })))
    }
    case 'month':
      return whole(monthPart(monthOf(rule.months, groups, today, grammar), rule.part, today))
    case 'week_of_month': {
      const first = monthOf(undefined, groups, today, grammar)
      const monday = first.subtract({ days: first.dayOfWeek - 1 }).add({ weeks: Number(groups.d) - 1 })
      return whole(range(monday, monday.add({ days: 6 })))
    }
    default:
      return whole({ kind: rule.is })
  }
}

const range = (from: PlainDate, to: PlainDate): DayWish => ({ kind: 'range', from: from.toString(), to: to.toString() })

/** Days, weeks and months; null for hours and minutes, which are no matter of the calendar. */
function addUnits(today: PlainDate, groups: Groups, grammar: Grammar): PlainDate | null {
  if (groups.n === undefined) return today
  const n = count(groups)
  const unit = groups.unit === undefined ? 'week' : grammar.units[groups.unit]
  if (unit === 'day') return today.add({ days: n })
  if (unit === 'week') return today.add({ weeks: n })
  return unit === 'month' ? today.add({ months: n }) : null
}

/** "next" is the one of next week, "this" the one of these seven days, a bare weekday the first after today. */
function weekdayOf(rule: Extract<DayRule, { is: 'weekday' }>, groups: Groups, today: PlainDate, grammar: Grammar): FoundDay | null {
  const weekday = grammar.weekdays[groups.wd ?? '']
  if (weekday === undefined) return null
  const ahead = (weekday - today.dayOfWeek + 7) % 7
  const which = rule.which ?? 'coming'
  const days = { coming: ahead || 7, this: ahead, next: 7 - today.dayOfWeek + weekday, last: ahead - 7 }[which]
  const weeks = rule.weeks ?? (groups.n === undefined ? 0 : count(groups))
  const date = today.add({ days: days + 7 * weeks })
  const bare = which === 'coming' && weeks === 0
  return { wish: { kind: 'date', date: date.toString() }, weekday: bare ? weekday : null, exact: !bare }
}

function dateOf(rule: Extract<DayRule, { is: 'date' }>, groups: Groups, today: PlainDate, grammar: Grammar): DayWish | null {
  const day = Number(groups.d)
  const month = groups.mo === undefined ? Number(groups.month ?? '0') : (grammar.months[groups.mo] ?? 0)
  if (rule.months !== undefined) return valid(today.add({ months: rule.months }).year, today.add({ months: rule.months }).month, day)
  if (groups.y !== undefined) return valid(Number(groups.y), month, day)
  return month === 0 ? nextDayOfMonth(day, today) : nextDate(day, month, today)
}

function valid(year: number, month: number, day: number): DayWish | null {
  try {
    return { kind: 'date', date: Temporal.PlainDate.from({ year, month, day }, { overflow: 'reject' }).toString() }
  } catch (error) {
    if (error instanceof RangeError) return null // Temporal's own way to say that there is no such day
    throw error
  }
}

/** The next year that has the day: the 29th of February may be four (or eight) years off. */
export function nextDate(day: number, month: number, today: PlainDate): DayWish | null {
  for (let year = today.year; year <= today.year + 8; year++) {
    const wish = valid(year, month, day)
    if (wish?.kind === 'date' && wish.date >= today.toString()) return wish
  }
  return null
}

function nextDayOfMonth(day: number, today: PlainDate): DayWish | null {
  for (let months = 0; months <= 12; months++) {
    const { year, month } = today.add({ months })
    const wish = valid(year, month, day)
    if (wish?.kind === 'date' && wish.date >= today.toString()) return wish
  }
  return null
}

function weekPart(monday: PlainDate, part: Part | undefined, today: PlainDate): DayWish {
  const [from, to] = { start: [0, 1], middle: [1, 3], end: [3, 4], rest: [0, 6], all: [0, 6] }[part ?? 'all']
  const first = monday.add({ days: from ?? 0 })
  const last = monday.add({ days: to ?? 6 })
  const earliest = part === 'rest' ? today.add({ days: 1 }) : today
  const start = Temporal.PlainDate.compare(first, earliest) < 0 ? earliest : first
  return range(start, Temporal.PlainDate.compare(last, start) < 0 ? start : last)
}

function monthOf(months: number | undefined, groups: Groups, today: PlainDate, grammar: Grammar): PlainDate {
  if (groups.mo === undefined) return today.add({ months: months ?? 0 }).with({ day: 1 })
  const month = grammar.months[groups.mo] ?? today.month
  return Temporal.PlainDate.from({ year: month < today.month ? today.year + 1 : today.year, month, day: 1 })
}

function monthPart(first: PlainDate, part: Part | undefined, today: PlainDate): DayWish {
  const end = first.daysInMonth
  const [from, to] = { start: [1, 10], middle: [11, 20], end: [21, end], rest: [1, end], all: [1, end] }[part ?? 'all']
  const start = first.with({ day: from ?? 1 })
  return range(Temporal.PlainDate.compare(start, today) < 0 ? today : start, first.with({ day: to ?? end }))
}

/** One wish out of all days of a piece of speech. `preferLast`: "from Tuesday to Wednesday" means Wednesday. */
export function combineDays(found: FoundDay[], preferLast: boolean): DayWish | null {
  const dates = found.filter((day) => day.wish.kind === 'date')
  const span = found.find((day) => day.wish.kind === 'range')?.wish
  if (dates.length === 0) return span ?? found.find((day) => day.wish.kind === 'shift')?.wish ?? found[0]?.wish ?? null
  if (preferLast) return dates.at(-1)?.wish ?? null
  const placed = dates.map((day) => (span?.kind === 'range' && day.weekday !== null ? inRange(day, span) : day.wish))
  const exact = dates.find((day) => day.exact && day.wish.kind === 'date')?.wish
  const agreed = exact?.kind === 'date' && dates.every((day) => day === undefined || sameDay(day, exact.date))
  if (agreed) return exact
  const all = [...new Set(placed.flatMap((wish) => (wish.kind === 'date' ? [wish.date] : [])))]
  return all.length === 1 ? { kind: 'date', date: all[0] ?? '' } : { kind: 'dates', dates: all }
}

function sameDay(day: FoundDay, date: string): boolean {
  if (day.weekday !== null) return Temporal.PlainDate.from(date).dayOfWeek === day.weekday
  return day.wish.kind === 'date' && day.wish.date === date
}

function inRange(day: FoundDay, span: { from: string; to: string }): DayWish {
  const from = Temporal.PlainDate.from(span.from)
  const date = from.add({ days: ((day.weekday ?? from.dayOfWeek) - from.dayOfWeek + 7) % 7 })
  return date.toString() <= span.to ? { kind: 'date', date: date.toString() } : day.wish
}
