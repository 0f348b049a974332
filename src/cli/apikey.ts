// patchbay apikey: keys for bella's API. A key is shown once, here.
import { parseArgs } from 'node:util'
import { CommandError, parseDuration, parseId } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

const options = {
  org: { type: 'string', default: '100' },
  name: { type: 'string' },
  scopes: { type: 'string', default: '*' },
  expires: { type: 'string' },
} as const

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb, id] = positionals
  const organizationId = parseId(values.org, '--org')
  if (verb === 'create') return create(organizationId, values)
  if (verb === 'revoke' && id) return revoke(organizationId, id)
  throw new CommandError('Say apikey create --name … or apikey revoke ID.')
}

function create(organizationId: number, values: { name?: string; scopes: string; expires?: string }): Promise<number> {
  const { name, expires } = values
  if (!name) throw new CommandError('--name says what the key is for.')
  const scopes = values.scopes.split(',').map((scope) => (scope.trim() === 'admin' ? '*' : scope.trim()))
  const wrong = scopes.find((scope) => scope !== '*' && !/^[a-z_-]+:[a-z_-]+$/.test(scope))
  if (wrong !== undefined) throw new CommandError(`--scopes takes resource:action, such as appointments:read, not ${wrong}.`)
  return withWorkshop(async ({ apiKeys, session, clock }) => {
    const expiresAt = expires ? new Date(clock.now().getTime() + parseDuration(expires, '--expires') * 1000) : null
    const made = await apiKeys.create(session(organizationId), { name, scopes, expiresAt })
    console.log(JSON.stringify({ ...made, name, scopes, expiresAt, organizationId }, null, 2))
    return 0
  })
}

function revoke(organizationId: number, id: string): Promise<number> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw new CommandError('revoke takes the id that create printed.')
  return withWorkshop(async ({ apiKeys, session }) => {
    if (!(await apiKeys.revoke(session(organizationId), id)))
      throw new CommandError(`There is no key ${id} in organisation ${organizationId}.`)
    console.log(JSON.stringify({ id, revoked: true }))
    return 0
  })
}
