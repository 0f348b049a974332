import { expect, test } from 'vitest'
import { checkSettings, mergeSettings } from './settings.ts'

test('settings that there are not are not kept, nor days of what has none', () => {
  const sent = { timezone: 'europe/berlin', nonsense: 'x', retention: { callDays: 30, nonsenseDays: 1 } }
  const kept = { timezone: 'Europe/Berlin', retention: { callDays: 30 } }
  expect(checkSettings(sent)).toEqual(kept)
  expect(mergeSettings({ recordingEnabled: false }, checkSettings(sent))).toEqual({ recordingEnabled: false, ...kept })
})
