// S17. What an admin may see of the caches, and drop of their own organisation's values.
import { Type } from 'typebox'
import type { Caches } from '../../platform/cache/index.ts'
import { refuseField } from '../../platform/errors/index.ts'
import { type AnyEndpoint, endpoint, parseJson, type RequestFacts } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'

const Clear = Type.Object({
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  id: Type.Optional(Type.Union([Type.Integer(), Type.String({ minLength: 1, maxLength: 200 })])),
})
const Figures = Type.Object({ hits: Type.Integer(), misses: Type.Integer(), size: Type.Union([Type.Integer(), Type.Null()]) })

export const cache = (house: House): AnyEndpoint[] => [
  endpoint({
    operation: 'cache.clear',
    method: 'POST',
    path: '/admin/cache/clear',
    summary: 'Drop an organization’s cached values in every process: all of them, those of a type, or one',
    description:
      'Types: `user`, `org`, `recording` and whatever `/admin/cache/stats` names. What is dropped is the caller’s organization’s; other organizations keep theirs.',
    permission: 'cache:admin',
    accepts: ['json', 'form'],
    bodyOptional: true,
    body: Clear,
    response: { 200: Type.Object({ status: Type.String(), cleared: Type.Array(Type.String()) }) },
    examples: [
      { title: 'Everything', body: {}, status: 200 },
      { title: 'One user', body: { type: 'user', id: 12345 }, status: 200 },
    ],
    handle: async ({ session, body, request }) => ({ status: 'ok', cleared: await clear(house.caches, session, readAsked(body, request)) }),
  }),
  endpoint({
    operation: 'cache.stats',
    method: 'GET',
    path: '/admin/cache/stats',
    summary: 'Hits, misses and sizes, by tier and by type, since this process started',
    permission: 'cache:admin',
    response: {
      200: Type.Object({
        tiers: Type.Record(Type.String(), Type.Object({ ...Figures.properties, up: Type.Boolean() })),
        families: Type.Record(
          Type.String(),
          Type.Object({
            ...Figures.properties,
            loads: Type.Integer(),
            tierHits: Type.Integer(),
            tierMisses: Type.Integer(),
            tier: Type.String(),
          }),
        ),
      }),
    },
    handle: () => house.caches.stats(),
  }),
]

interface Asked {
  readonly type?: string | undefined
  readonly id?: string | number | undefined
}

/** `curl -d` calls every body a form; the seed's own command sends JSON that way. */
function readAsked(body: Asked, { form, rawBody }: RequestFacts): Asked {
  if (form.length === 0 || !rawBody.toString('latin1').trimStart().startsWith('{')) return body
  const { type, id } = parseJson(rawBody) as { type?: unknown; id?: unknown }
  if (type !== undefined && typeof type !== 'string') return refuseField('body', 'type', 'must be a string')
  if (id !== undefined && typeof id !== 'string' && !Number.isSafeInteger(id))
    return refuseField('body', 'id', 'must be an integer or a string')
  return { type, id: id as string | number | undefined }
}

async function clear(caches: Caches, session: Session, { type, id }: Asked): Promise<string[]> {
  if (type === undefined && id !== undefined) return refuseField('body', 'type', 'is required with an id')
  const cleared = type === undefined ? await clearAll(caches, session) : await clearType(caches, session, type, id)
  await session.write(async (tx) => tx.emit('cache.cleared', { cleared }, { resource: 'cache', after: { cleared }, feed: false }))
  return cleared
}

async function clearAll(caches: Caches, session: Session): Promise<string[]> {
  await caches.clearAll(String(session.organizationId))
  return Object.keys((await caches.stats()).families)
}

async function clearType(caches: Caches, session: Session, type: string, id: string | number | undefined): Promise<string[]> {
  const family = caches.find(type)
  if (!family) {
    const known = Object.keys((await caches.stats()).families)
    return refuseField('body', 'type', `must be one of ${known.join(', ')}`)
  }
  if (id === undefined) await family.clear(String(session.organizationId))
  else await family.drop(`${session.organizationId}:${id}`)
  return [id === undefined ? type : `${type}:${id}`]
}
