// Wishes in a short notation, for the corpus and for telling a miss: "2026-11-24", "a|b", "a..b", "+7d", "14:30", "2:30?".
import type { Clock, DayWish, TimeWish } from '../../src/domain/conversation/index.ts'

export function showDay(wish: DayWish | null): string | null {
  if (!wish) return null
  switch (wish.kind) {
    case 'date':
      return wish.date
    case 'dates':
      return wish.dates.join('|')
    case 'range':
      return `${wish.from}..${wish.to}`
    case 'shift':
      return `${wish.days < 0 ? '' : '+'}${wish.days}d`
    case 'not':
      return `not ${wish.weekdays.join(' ')}`
    default:
      return wish.kind
  }
}

const showClock = (clock: Clock): string =>
  `${Math.floor(clock.minutes / 60)}:${String(clock.minutes % 60).padStart(2, '0')}${clock.open ? '?' : ''}`

export function showTime(wish: TimeWish | null): string | null {
  if (!wish) return null
  switch (wish.kind) {
    case 'at':
      return showClock(wish.at)
    case 'after':
      return `after ${showClock(wish.from)}`
    case 'before':
      return `before ${showClock(wish.to)}`
    case 'between':
      return `${showClock(wish.from)}-${showClock(wish.to)}`
    case 'part':
      return wish.part
    case 'shift':
      return `${wish.minutes < 0 ? '' : '+'}${wish.minutes}`
    default:
      return wish.kind
  }
}
