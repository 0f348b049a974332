import { describe, expect, test } from 'vitest'
import { german } from './de.ts'
import { english } from './en.ts'
import { promptKeys } from './prompts.ts'

const placeholders = (sentence: string): string[] => [...sentence.matchAll(/\{\w+\}/g)].map(String).toSorted()

describe('prompts', () => {
  test('every sentence exists in both languages, with the same values in it', () => {
    for (const key of promptKeys) {
      expect(german.say[key], key).toBeTruthy()
      expect(placeholders(german.say[key]), key).toEqual(placeholders(english.say[key]))
    }
    expect(Object.keys(german.say).toSorted()).toEqual(Object.keys(english.say).toSorted())
    expect(Object.keys(english.say).toSorted()).toEqual([...promptKeys].toSorted())
  })

  test('a read-back of a booking names day, date, time and name', () => {
    for (const language of [english, german]) {
      expect(language.say.readBack).toContain('{when}')
      expect(language.say.readBack).toContain('{name}')
    }
    expect(english.when(english.day('2026-11-24T14:30', 2026), english.time('2026-11-24T14:30'))).toBe(
      'Tuesday the 24th of November at 2:30 in the afternoon',
    )
    expect(german.when(german.day('2026-11-24T14:30', 2026), german.time('2026-11-24T14:30'))).toBe('Dienstag, 24. November um 14 Uhr 30')
  })

  test('days and times are spoken as people say them', () => {
    const day = (date: string) => english.day(`${date}T09:00`, 2026)
    expect([
      day('2026-12-01'),
      day('2026-12-02'),
      day('2026-12-03'),
      day('2026-12-11'),
      day('2026-12-12'),
      day('2026-12-13'),
      day('2026-12-22'),
    ]).toEqual([
      'Tuesday the 1st of December',
      'Wednesday the 2nd of December',
      'Thursday the 3rd of December',
      'Friday the 11th of December',
      'Saturday the 12th of December',
      'Sunday the 13th of December',
      'Tuesday the 22nd of December',
    ])
    expect(day('2027-01-05')).toBe('Tuesday the 5th of January 2027')
    const time = (clock: string) => english.time(`2026-12-01T${clock}`)
    expect([time('00:00'), time('00:15'), time('09:00'), time('12:00'), time('12:30'), time('17:05')]).toEqual([
      'midnight',
      '12:15 in the morning',
      "9 o'clock in the morning",
      '12 noon',
      '12:30 in the afternoon',
      '5:05 in the afternoon',
    ])
  })
})
