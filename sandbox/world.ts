// What exists in the sandbox while it runs: calls, numbers, recordings, messages, people and faults. Kept in memory only.
import type { Behaviour } from './callers/behaviour.ts'
import type { Clock } from './clock.ts'
import type { Settings, WebhookPolicy } from './settings.ts'
import type { Call } from './twilio/call.ts'
import type { Recording } from './twilio/recording.ts'

export interface HostedNumber {
  sid: string
  phoneNumber: string
  friendlyName: string
  voiceUrl: string
  voiceMethod: string
  voiceFallbackUrl: string
  voiceFallbackMethod: string
  statusCallback: string
  statusCallbackMethod: string
  smsUrl: string
  smsMethod: string
  kind: 'local' | 'toll-free' | 'mobile'
  createdMs: number
  updatedMs: number
}

export interface Message {
  sid: string
  from: string
  to: string
  body: string
  status: string
  messagingServiceSid: string | null
  errorCode: number | null
  createdMs: number
}

export type CallbackFault = 'late' | 'repeated' | 'disordered' | 'lost'
export type RestFault = 'slow' | '500' | 'reset' | '429'
export type ChatFault = 'slow' | '500' | '429' | 'nonsense'
export type ScanFault = 'slow' | 'reset' | 'silent' | 'cut off' | 'nonsense'

/** What goes wrong next, and how often; `count` falls with each use and the fault ends at 0. */
export interface Faults {
  callbacks: { kind: CallbackFault; count: number; delayMs: number } | null
  rest: { kind: RestFault; count: number; delayMs: number } | null
  chat: { kind: ChatFault; count: number; delayMs: number } | null
  scan: { kind: ScanFault; count: number; delayMs: number } | null
}

export interface World {
  settings: Settings
  clock: Clock
  /** Where this sandbox is reached; known once it listens. */
  baseUrl: string
  webhooks: WebhookPolicy
  calls: Map<string, Call>
  /** By E.164 number. */
  numbers: Map<string, HostedNumber>
  recordings: Map<string, Recording>
  messages: Message[]
  /** How people at certain numbers behave, told by the control API; the magic numbers stand behind. */
  people: Map<string, Behaviour>
  faults: Faults
  /** `CA`, `RE`, … and 32 hexadecimal digits. */
  sid: (prefix: string) => string
  uuid: () => string
}

export function createWorld(settings: Settings, clock: Clock, ids: { sid: World['sid']; uuid: World['uuid'] }): World {
  const world: World = {
    settings,
    clock,
    baseUrl: '',
    webhooks: { ...settings.webhooks },
    calls: new Map(),
    numbers: new Map(),
    recordings: new Map(),
    messages: [],
    people: new Map(),
    faults: noFaults(),
    ...ids,
  }
  plantNumbers(world)
  return world
}

export const noFaults = (): Faults => ({ callbacks: null, rest: null, chat: null, scan: null })

/** The numbers that the settings name are hosted here from the start, and again after a reset. */
export function plantNumbers(world: World): void {
  for (const given of world.settings.numbers) {
    world.numbers.set(
      given.phoneNumber,
      hostedNumber(world, given.phoneNumber, {
        voiceUrl: given.voiceUrl,
        voiceFallbackUrl: given.voiceFallbackUrl,
        statusCallback: given.statusCallback,
      }),
    )
  }
}

export function hostedNumber(world: World, phoneNumber: string, given: Partial<HostedNumber>): HostedNumber {
  const now = world.clock.now()
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return {
    sid: world.sid('PN'),
    phoneNumber,
    friendlyName: phoneNumber,
    voiceUrl: '',
    voiceMethod: 'POST',
    voiceFallbackUrl: '',
    voiceFallbackMethod: 'POST',
    statusCallback: '',
    statusCallbackMethod: 'POST',
    smsUrl: '',
    smsMethod: 'POST',
    kind: 'local',
    createdMs: now,
    updatedMs: now,
    ...known,
  }
}

/** Takes one use of a fault, or says there is none. */
export function takeFault<K extends keyof Faults>(world: World, which: K): Faults[K] {
  const fault = world.faults[which]
  if (!fault) return fault
  fault.count -= 1
  if (fault.count <= 0) world.faults = { ...world.faults, [which]: null }
  return fault
}
