// What an organisation may decide for itself, and what holds where it decided nothing. Refuses time zones and countries
// that do not exist. The rest of the house asks here before it records, keeps or sends anything.
import { isSupportedCountry } from 'libphonenumber-js/min'
import { type Problem, refuse } from '../../platform/errors/index.ts'

/** Days of 24 hours that things are kept, from a call's end and a message's arrival; null keeps them. Carried out in domain/retention. */
export interface Retention {
  readonly callDays: number | null
  readonly voicemailDays: number | null
  readonly transcriptDays: number | null
  /** How long the name of somebody who left stays taken. */
  readonly usernameDays: number
}

export interface OrganizationSettings {
  readonly voicemailEnabled: boolean
  readonly recordingEnabled: boolean
  readonly maxRecordingDays: number | null
  /** IANA. */
  readonly timezone: string
  /** ISO 3166-1 alpha-2; numbers without a country code are read as this country's. */
  readonly defaultCountry: string
  /** BCP 47, of voices and messages. */
  readonly defaultLanguage: string
  readonly dataRegion: string
  readonly retention: Retention
}

export type SettingsChange = Partial<Omit<OrganizationSettings, 'retention'>> & { readonly retention?: Partial<Retention> }

export const defaultSettings: OrganizationSettings = {
  voicemailEnabled: true,
  recordingEnabled: true,
  maxRecordingDays: 365,
  timezone: 'UTC',
  defaultCountry: 'US',
  defaultLanguage: 'en',
  dataRegion: 'local',
  retention: { callDays: null, voicemailDays: null, transcriptDays: null, usernameDays: 90 },
}

/** What is stored is what was decided; defaults fill the rest, so that a new default reaches everybody who did not decide. */
export function withDefaults(decided: SettingsChange): OrganizationSettings {
  return { ...defaultSettings, ...decided, retention: { ...defaultSettings.retention, ...decided.retention } }
}

export function mergeSettings(before: SettingsChange, change: SettingsChange): SettingsChange {
  const retention = { ...before.retention, ...change.retention }
  return { ...before, ...change, ...(Object.keys(retention).length > 0 ? { retention } : {}) }
}

/** Zones and countries in their own spelling. @throws invalid_request naming every field that is wrong */
export function checkSettings(wanted: SettingsChange): SettingsChange {
  const change = knownOf(defaultSettings, wanted)
  if (change.retention) change.retention = knownOf(defaultSettings.retention, change.retention)
  const problems: Problem[] = []
  const wrong = (field: string, message: string) => problems.push({ in: 'body', path: [field], message, rule: 'value' })
  const timezone = change.timezone === undefined ? undefined : canonicalTimezone(change.timezone)
  if (timezone === null) wrong('timezone', 'must be an IANA time zone such as Europe/London')
  const country = change.defaultCountry?.toUpperCase()
  if (country !== undefined && !isSupportedCountry(country)) wrong('defaultCountry', 'must be an ISO 3166-1 country code such as GB')
  if (problems.length > 0) refuse('invalid_request', { problems })
  return { ...change, ...(timezone ? { timezone } : {}), ...(country ? { defaultCountry: country } : {}) }
}

/** What a caller sends beside the settings that there are is not kept. */
function knownOf<Whole extends object, Given extends object>(whole: Whole, given: Given): { -readonly [Name in keyof Given]: Given[Name] } {
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(whole, name))) as never
}

function canonicalTimezone(name: string): string | null {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{1,63}$/.test(name)) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch (error) {
    if (error instanceof RangeError) return null // how Intl says that there is no such zone
    throw error
  }
}
