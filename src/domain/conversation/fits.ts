// Whether a minute of the day fits a wished part of it.
import { likeliest, readings } from './calendar.ts'
import type { PartOfDay, TimeWish } from './ports.ts'

const parts: Record<PartOfDay, [from: number, to: number]> = {
  morning: [0, 720],
  lunchtime: [690, 840],
  afternoon: [720, 1020],
  evening: [1020, 1440],
}

/** Wishes that compare with something else, or name no time, fit always. */
export function fits(minutes: number, time: TimeWish): boolean {
  switch (time.kind) {
    case 'at':
      return readings(time.at).includes(minutes)
    case 'after':
      return minutes >= likeliest(time.from)
    case 'before':
      return minutes < likeliest(time.to)
    case 'between': {
      const from = likeliest(time.from)
      const to = likeliest(time.to)
      return minutes >= from && minutes <= (to > from ? to : to + 720)
    }
    case 'part': {
      const [from, to] = parts[time.part]
      return minutes >= from && minutes < to
    }
    default:
      return true
  }
}
