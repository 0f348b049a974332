// Dates in figures ("24/11/2026", "24.12.") and other calendar forms that the grammar has no rule for, read by chrono-node.
// Only a day and a month that chrono is certain of count; chrono's guesses from bare times and weekdays are refused.
import * as german from 'chrono-node/de'
import * as english from 'chrono-node/en'
import type { DayWish } from '../../domain/conversation/index.ts'
import { nextDate } from './days.ts'

const worthTrying = /\d[./-]\d/

export interface CalendarDateRead {
  text: string
  wish: DayWish | null
}

/** Takes the date out of the text, so that its year is not read as a time. */
export function readCalendarDate(text: string, today: Temporal.PlainDate, language: string): CalendarDateRead {
  if (!worthTrying.test(text)) return { text, wish: null }
  const chrono = language.startsWith('de') ? german.casual : english.GB
  const noon = new Date(today.toZonedDateTime({ timeZone: 'UTC', plainTime: '12:00' }).epochMilliseconds)
  const found = chrono
    .parse(text, { instant: noon, timezone: 0 })
    .find((result) => result.start.isCertain('day') && result.start.isCertain('month'))
  const day = found?.start.get('day')
  const month = found?.start.get('month')
  const year = found?.start.get('year')
  if (!found || !day || !month || !year) return { text, wish: null }
  const figures = /\d[\d./-]*\d/.exec(found.text)?.[0] ?? found.text
  const wish: DayWish | null = found.start.isCertain('year')
    ? { kind: 'date', date: Temporal.PlainDate.from({ year, month, day }).toString() }
    : nextDate(day, month, today)
  return { text: text.replace(figures, ' ').replace(/ {2,}/g, ' ').trim(), wish }
}
