// Wire shapes of calls and what belongs to them.
import { Type } from 'typebox'
import { callStatuses, directions } from '../../domain/calls/index.ts'
import { Instant } from './instants.ts'
import { E164, Id, listOf, OrNull, Page, Time } from './shapes.ts'

export const Uuid = Type.String({ format: 'uuid' })
export const UuidParams = Type.Object({ id: Uuid })

const Text = OrNull(Type.String())
const Cost = Type.Object({ amountMicros: Type.Integer(), currency: Type.String() })
const Sound = {
  id: Uuid,
  duration: OrNull(Type.Integer()),
  size: OrNull(Type.Integer()),
  format: Type.String(),
  status: Type.String(),
  url: Text,
}

const call = {
  id: Uuid,
  direction: Type.Enum([...directions]),
  from: Type.String(),
  to: Type.String(),
  startTime: Time,
  answerTime: OrNull(Time),
  endTime: OrNull(Time),
  duration: OrNull(Type.Integer()),
  status: Type.Enum([...callStatuses]),
  outcome: Text,
  hangupCause: Text,
  onHold: Type.Boolean(),
  userId: OrNull(Id),
  agentId: OrNull(Uuid),
  contactId: OrNull(Id),
  campaignId: OrNull(Uuid),
  cost: Cost,
  recording: OrNull(Type.Object(Sound)),
}
export const Call = Type.Object(call)
export const CallDetail = Type.Object({
  ...call,
  legs: Type.Array(
    Type.Object({
      kind: Type.Enum(['caller', 'agent', 'user', 'number', 'voicemail']),
      number: Text,
      userId: OrNull(Id),
      agentId: OrNull(Uuid),
      startTime: Time,
      answerTime: OrNull(Time),
      endTime: OrNull(Time),
      hangupCause: Text,
    }),
  ),
  events: Type.Array(Type.Object({ type: Type.String(), time: Time, data: Type.Object({}, { additionalProperties: true }) })),
  transcript: Type.Array(
    Type.Object({
      speaker: Type.Enum(['caller', 'agent', 'user']),
      text: Type.String(),
      startMs: Type.Integer(),
      endMs: Type.Integer(),
      confidence: OrNull(Type.Number()),
    }),
  ),
})
export const Calls = Type.Object({ ...listOf('calls', Call).properties, nextCursor: OrNull(Type.String()) })

export const callFilter = {
  from: Instant,
  to: Instant,
  userId: Type.Optional(Id),
  direction: Type.Optional(Type.Enum([...directions])),
  status: Type.Optional(Type.Enum([...callStatuses])),
  number: Type.Optional(Type.String({ pattern: '^[+ ]?\\d{1,15}$', description: 'E.164; calls from or to it' })),
  agentId: Type.Optional(Uuid),
  campaignId: Type.Optional(Uuid),
}
export const CallQuery = Type.Object({
  ...callFilter,
  sort: Type.Enum(['startTime', '-startTime', 'duration', '-duration'], { default: '-startTime' }),
  cursor: Type.Optional(Type.String({ maxLength: 400, description: 'The nextCursor of the answer before; goes before offset' })),
  ...Page,
})
export const NewCall = Type.Object({ from: E164, to: E164, userId: Type.Optional(Id), agentId: Type.Optional(Uuid) })
export const Transfer = Type.Object({ to: Type.Optional(E164), userId: Type.Optional(Id) })
export const Hold = Type.Object({ hold: Type.Boolean({ default: true }) })

export const Recording = Type.Object({
  ...Sound,
  callId: Uuid,
  userId: OrNull(Id),
  channels: OrNull(Type.Integer()),
  legalHold: Type.Boolean(),
  startTime: Time,
  createdAt: Time,
})
export const Recordings = listOf('recordings', Recording)

export const Voicemail = Type.Object({
  id: Uuid,
  userId: OrNull(Id),
  callId: OrNull(Uuid),
  from: Type.String(),
  duration: Type.Integer(),
  status: Type.Enum(['new', 'read']),
  transcription: Text,
  createdAt: Time,
  readAt: OrNull(Time),
  url: Text,
})
export const Voicemails = listOf('voicemails', Voicemail)

export const Blob = Type.Object({
  id: Uuid,
  filename: Type.String(),
  type: Type.Enum(['recording', 'voicemail', 'asset']),
  size: Type.Integer(),
  mimeType: Type.String(),
  sha256: Type.String(),
  metadata: Type.Object({}, { additionalProperties: true }),
  url: Type.String(),
  createdAt: Time,
})
