// Wire shapes that sapien's people, organisations and tokens share.
import { type TSchema, Type } from 'typebox'
import { roleNames } from '../../domain/people/index.ts'

/** Within what JavaScript and JSON hold exactly; what is larger names nothing. */
export const Id = Type.Integer({ minimum: 1, maximum: 9_007_199_254_740_991 })
export const IdParams = Type.Object({ id: Id })

export const Page = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  offset: Type.Integer({ minimum: 0, maximum: 1_000_000_000, default: 0 }),
}
/** `{"<plural>": […], "total", "limit", "offset"}` */
export const listOf = (plural: string, item: TSchema) =>
  Type.Object({ [plural]: Type.Array(item), total: Type.Integer(), limit: Type.Integer(), offset: Type.Integer() })

export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
export const E164 = Type.String({ pattern: '^\\+[1-9]\\d{6,14}$' })
export const Time = Type.String({ format: 'date-time' })

const visible = { minLength: 1, pattern: '\\S' }
export const PersonName = Type.String({ ...visible, maxLength: 100 })
export const Username = Type.String({ maxLength: 180, pattern: "^[\\p{L}\\p{N}._@+'-]{1,180}$" })
export const Email = Type.String({ format: 'email', maxLength: 254 })
/** Longer ones cost time and gain nothing. Which are refused: domain/people/password-policy.ts. */
export const Password = Type.String({ minLength: 1, maxLength: 256 })
export const Role = Type.Enum([...roleNames])

export const User = Type.Object({
  id: Id,
  username: Type.String(),
  email: Type.String(),
  firstName: Type.String(),
  lastName: Type.String(),
  mobile: OrNull(Type.String()),
  organization: Type.Object({ id: Id, name: Type.String(), domain: Type.String() }),
  roles: Type.Array(Type.String()),
  permissions: Type.Array(Type.String()),
  devices: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), status: Type.String() })),
  status: Type.Enum(['active', 'inactive']),
  createdAt: Time,
  lastLoginAt: OrNull(Time),
})

const Days = Type.Integer({ minimum: 1, maximum: 36_500 })
const Retention = {
  callDays: OrNull(Days),
  voicemailDays: OrNull(Days),
  transcriptDays: OrNull(Days),
  usernameDays: Type.Integer({ minimum: 0, maximum: 36_500 }),
}
const Settings = {
  voicemailEnabled: Type.Boolean(),
  recordingEnabled: Type.Boolean(),
  maxRecordingDays: OrNull(Days),
  timezone: Type.String({ minLength: 1, maxLength: 64 }),
  defaultCountry: Type.String({ pattern: '^[A-Za-z]{2}$' }),
  defaultLanguage: Type.String({ pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$', maxLength: 35 }),
  dataRegion: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
}
export const OrganizationSettings = Type.Object({ ...Settings, retention: Type.Object(Retention) })
/** An unknown name is refused: a setting that was mistyped would not be obeyed. */
export const SettingsChange = Type.Partial(
  Type.Object({ ...Settings, retention: Type.Partial(Type.Object(Retention), { additionalProperties: false }) }),
  { additionalProperties: false },
)
export const Organization = Type.Object({
  id: Id,
  name: Type.String(),
  domain: Type.String(),
  status: Type.Enum(['active', 'suspended', 'deleted']),
  settings: OrganizationSettings,
  createdAt: Time,
  updatedAt: Time,
})
