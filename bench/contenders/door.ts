// What both Express contenders have in common: who may come in, how often, and the shape of the answers. Where they get
// their rows is their own. Written in their favour: a token that was verified once is kept, an API key is looked up in
// memory, limits are counted in memory, nothing is logged or measured, and no answer is held against a schema.
import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type NextFunction, type Request, type Response } from 'express'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { answerAsServer } from '../children.ts'
import type { World } from '../world.ts'

/** Rows as the contender's library gives them, under the names of the answer. */
export interface Reads {
  organization(organizationId: number): Promise<OrganizationRow | undefined>
  appointment(organizationId: number, id: number): Promise<AppointmentRow | undefined>
  calls(organizationId: number, limit: number): Promise<{ calls: CallRow[]; total: number }>
}
interface OrganizationRow {
  readonly settings: object
  readonly createdAt: Date
  readonly updatedAt: Date
}
interface AppointmentRow {
  readonly starts_at: Date
  readonly ends_at: Date
  readonly created_at: Date
}
interface CallRow {
  readonly id: string
  readonly startTime: Date
  readonly answerTime: Date | null
  readonly endTime: Date | null
  readonly costMicros: number
  readonly currency: string
  readonly recording: { readonly id: string; readonly status: string } | null
}

export type ReferenceInput = World & { readonly keys: JSONWebKeySet }

const perWindow = 1_000_000
const windowMs = 1000
const audience = 'https://sapien.natterbox.com'

export function serveWithExpress({ keys, apiKey, organizationId }: ReferenceInput, reads: Reads, close: () => Promise<void>): void {
  const app = express()
  const bearer = bearerDoor(keys)
  const byKey = keyDoor(new Map([[digestOf(apiKey), organizationId]]))
  app.get('/v1/organizations/:id', bearer, async (request, response) => {
    const organization = inTenant(response) === Number(request.params.id) && (await reads.organization(inTenant(response)))
    if (!organization) return void response.status(404).json({ error: 'organization_not_found' })
    const { settings, createdAt, updatedAt } = organization
    response.json({ ...organization, settings: { ...usual, ...settings }, createdAt: seconds(createdAt), updatedAt: seconds(updatedAt) })
  })
  app.get('/appointments/:id', byKey, async (request, response) => {
    const found = await reads.appointment(inTenant(response), Number(request.params.id))
    if (!found) return void response.status(404).json({ error: 'appointment_not_found' })
    response.json(appointmentOf(found))
  })
  app.get('/v1/calls', bearer, async (request, response) => {
    const limit = Number(request.query.limit ?? 50)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) return void response.status(400).json({ error: 'invalid_request' })
    const { calls, total } = await reads.calls(inTenant(response), limit)
    const last = calls.at(-1)
    const nextCursor = last ? Buffer.from(JSON.stringify(['-startTime', last.startTime, last.id, total])).toString('base64url') : null
    response.json({ calls: calls.map((call) => callOf(call, `http://${request.headers.host}`)), total, limit, offset: 0, nextCursor })
  })
  const server: Server = app.listen(0, '127.0.0.1', () => {
    answerAsServer((server.address() as AddressInfo).port, async () => {
      server.closeAllConnections()
      await close()
    })
  })
}

function bearerDoor(keys: JSONWebKeySet) {
  const keySet = createLocalJWKSet(keys)
  const kept = new Map<string, { organizationId: number; expiresAt: number }>()
  const verify = async (token: string) => {
    const { payload } = await jwtVerify(token, keySet, { algorithms: ['RS256'], audience })
    const claims = { organizationId: Number(payload.organization_id), expiresAt: (payload.exp ?? 0) * 1000 }
    kept.set(token, claims)
    return claims
  }
  return async (request: Request, response: Response, next: NextFunction) => {
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    const found = kept.get(token)
    const claims = found && found.expiresAt > Date.now() ? found : await verify(token).catch(() => null)
    if (claims === null) return void response.status(401).json({ error: 'unauthorized' })
    admit(claims.organizationId, response, next)
  }
}

function keyDoor(organizations: ReadonlyMap<string, number>) {
  return (request: Request, response: Response, next: NextFunction) => {
    const organizationId = organizations.get(digestOf(String(request.headers['x-api-key'])))
    if (organizationId === undefined) return void response.status(401).json({ error: 'unauthorized' })
    admit(organizationId, response, next)
  }
}

const digestOf = (key: string): string => createHash('sha256').update(key).digest('base64')

const windows = new Map<number, { startedAt: number; count: number }>()
function admit(organizationId: number, response: Response, next: NextFunction): void {
  const now = Date.now()
  const current = windows.get(organizationId)
  const open = current && now - current.startedAt < windowMs ? current : { startedAt: now, count: 0 }
  open.count += 1
  windows.set(organizationId, open)
  response.setHeader('X-RateLimit-Limit', perWindow)
  response.setHeader('X-RateLimit-Remaining', Math.max(perWindow - open.count, 0))
  response.setHeader('X-RateLimit-Reset', Math.ceil((open.startedAt + windowMs) / 1000))
  if (open.count > perWindow) return void response.status(429).json({ error: 'rate_limited' })
  response.locals.organizationId = organizationId
  next()
}

const inTenant = (response: Response): number => Number(response.locals.organizationId)

const seconds = (at: Date | null): string | null => (at === null ? null : `${at.toISOString().slice(0, 19)}Z`)
const appointmentOf = (row: AppointmentRow): object => ({
  ...row,
  starts_at: seconds(row.starts_at),
  ends_at: seconds(row.ends_at),
  duration_min: (row.ends_at.getTime() - row.starts_at.getTime()) / 60_000,
  created_at: seconds(row.created_at),
})
const callOf = ({ costMicros, currency, startTime, answerTime, endTime, recording, ...row }: CallRow, base: string): object => ({
  ...row,
  startTime: seconds(startTime),
  answerTime: seconds(answerTime),
  endTime: seconds(endTime),
  cost: { amountMicros: costMicros, currency },
  recording: recording && { ...recording, url: recording.status === 'available' ? `${base}/v1/recordings/${recording.id}/download` : null },
})

/** What an organisation has that has set nothing. */
const usual = {
  voicemailEnabled: true,
  recordingEnabled: true,
  maxRecordingDays: 365,
  timezone: 'Europe/London',
  defaultCountry: 'US',
  defaultLanguage: 'en',
  dataRegion: 'local',
  retention: { callDays: null, voicemailDays: null, transcriptDays: null, usernameDays: 90 },
}
