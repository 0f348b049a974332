// Reads the time of day out of a cleaned text in which the days are already marked.
// "Half four" stays open between morning and afternoon: only the opening hours can tell.
import type { Clock, ClockRule, Grammar, PartOfDay, TimeRule, TimeWish } from '../../domain/conversation/index.ts'
import { type CompiledGrammar, type Groups, replaceEach } from './patterns.ts'

export interface TimesRead {
  text: string
  wish: TimeWish | null
}

const halfDay = 720
const wholeDay = 1440

export function readTimes(text: string, compiled: CompiledGrammar, options: { bareHour: boolean; preferLast: boolean }): TimesRead {
  const clocks: Clock[] = []
  const mark = (clock: Clock | null): string | null => {
    if (!clock) return null
    clocks.push(clock)
    return `xtime${clocks.length - 1}x`
  }
  let rest = text
  for (const { rule, pattern } of compiled.clocks) rest = replaceEach(rest, pattern, (groups) => mark(clockOf(rule, groups)))
  if (options.bareHour && clocks.length === 0 && /^(?:\D{0,20} )?\d{1,4}(?: \D{0,20})?$/.test(rest.replace(/xday\d+x/g, '').trim())) {
    rest = replaceEach(rest, compiled.bareHour, (groups) => mark(clockOf({ when: '', add: groups.m === undefined ? 0 : 'm' }, groups)))
  }
  const wishes: TimeWish[] = []
  for (const { rule, pattern } of compiled.times) {
    rest = replaceEach(rest, pattern, (groups) => {
      const wish = timeOf(rule, groups, clocks, compiled.grammar)
      if (wish) wishes.push(wish)
      return wish && ' '
    })
  }
  return { text: rest, wish: combine(wishes, leftOver(rest, clocks), options.preferLast) }
}

function clockOf(rule: ClockRule, groups: Groups): Clock | null {
  if (rule.at !== undefined) return { minutes: rule.at, open: false }
  const hour = Number(groups.h)
  const said = Number(groups.m ?? '0')
  if (hour > 24 || said > 59) return null
  const add = rule.add === 'm' ? said : rule.add === '-m' ? -said : (rule.add ?? 0)
  const half = groups.am !== undefined ? 'am' : groups.pm !== undefined ? 'pm' : null
  const base = half === 'am' && hour === 12 ? 0 : half === 'pm' && hour < 12 ? hour + 12 : hour
  const open = half === null && hour >= 1 && hour <= 11 && !(groups.h ?? '').startsWith('0')
  return { minutes: (base * 60 + add + wholeDay) % wholeDay, open }
}

function leftOver(text: string, clocks: Clock[]): Clock[] {
  return [...text.matchAll(/xtime(\d+)x/g)].flatMap((match) => clocks[Number(match[1])] ?? [])
}

function timeOf(rule: TimeRule, groups: Groups, clocks: Clock[], grammar: Grammar): TimeWish | null {
  const said = (name: 't' | 't2'): Clock | undefined => (groups[name] === undefined ? undefined : clocks[Number(groups[name])])
  const fixed = (minutes: number | undefined): Clock | undefined => (minutes === undefined ? undefined : { minutes, open: false })
  switch (rule.is) {
    case 'after': {
      const from = fixed(rule.from) ?? said('t')
      return from ? { kind: 'after', from } : null
    }
    case 'before': {
      const to = fixed(rule.to) ?? said('t')
      return to ? { kind: 'before', to } : null
    }
    case 'between': {
      const from = fixed(rule.from) ?? said('t')
      const to = fixed(rule.to) ?? said('t2')
      return from && to ? { kind: 'between', from, to } : null
    }
    case 'part':
      return { kind: 'part', part: rule.part }
    case 'shift': {
      const unit = grammar.units[groups.unit ?? 'minute']
      if (unit !== 'hour' && unit !== 'minute') return null
      return { kind: 'shift', minutes: rule.sign * (rule.minutes ?? Number(groups.n ?? '1') * (unit === 'hour' ? 60 : 1)) }
    }
    default:
      return { kind: rule.is }
  }
}

function combine(wishes: TimeWish[], clocks: Clock[], preferLast: boolean): TimeWish | null {
  const part = wishes.flatMap((wish) => (wish.kind === 'part' ? [wish.part] : []))[0]
  const clock = preferLast ? clocks.at(-1) : clocks[0]
  if (clock) return { kind: 'at', at: inPart(clock, part) }
  const rank: TimeWish['kind'][] = ['first', 'last', 'shift', 'after', 'before', 'between', 'same', 'part', 'earlier', 'later', 'any']
  const best = rank.flatMap((kind) => wishes.find((wish) => wish.kind === kind) ?? [])[0]
  return best ? placed(best, part) : null
}

function placed(wish: TimeWish, part: PartOfDay | undefined): TimeWish {
  if (wish.kind === 'after') return { kind: 'after', from: inPart(wish.from, part) }
  if (wish.kind === 'before') return { kind: 'before', to: inPart(wish.to, part) }
  return wish.kind === 'between' ? { kind: 'between', from: inPart(wish.from, part), to: inPart(wish.to, part) } : wish
}

/** "Tomorrow afternoon at three": the part of the day closes what the clock left open. */
function inPart(clock: Clock, part: PartOfDay | undefined): Clock {
  if (!clock.open || part === undefined) return clock
  if (part === 'morning') return { ...clock, open: false }
  const late = part !== 'lunchtime' || clock.minutes < 240
  return { minutes: late ? (clock.minutes + halfDay) % wholeDay : clock.minutes, open: false }
}
