// patchbay cache clear: drops an organisation's cached values in every process, in the shared tiers too.
import { parseArgs } from 'node:util'
import type { Caches } from '../platform/cache/index.ts'
import { CommandError, parseId } from './terminal.ts'
import { withHouse } from './with-house.ts'

const options = { org: { type: 'string', default: '100' }, type: { type: 'string' }, id: { type: 'string' } } as const

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const { type, id } = values
  if (positionals[0] !== 'clear') throw new CommandError('Say cache clear [--type user] [--id 12345].')
  if (id !== undefined && type === undefined) throw new CommandError('--id needs --type: the type says what kind of id it is.')
  const organizationId = parseId(values.org, '--org')
  return withHouse(async ({ house, session }) => {
    const cleared = await clear(house.caches, organizationId, type, id)
    await session(organizationId).write(async (tx) =>
      tx.emit('cache.cleared', { cleared }, { resource: 'cache', after: { cleared }, feed: false }),
    )
    console.log(JSON.stringify({ cleared }))
    return 0
  })
}

async function clear(caches: Caches, organizationId: number, type: string | undefined, id: string | undefined): Promise<string[]> {
  const known = Object.keys((await caches.stats()).families)
  if (type === undefined) {
    await caches.clearAll(String(organizationId))
    return known
  }
  const family = caches.find(type)
  if (!family) throw new CommandError(`--type must be one of ${known.join(', ')}.`)
  if (id === undefined) await family.clear(String(organizationId))
  else await family.drop(`${organizationId}:${id}`)
  return [id === undefined ? type : `${type}:${id}`]
}
