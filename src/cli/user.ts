// patchbay user: the people of an organisation, from the terminal.
import { parseArgs } from 'node:util'
import {
  createUser,
  deactivateUser,
  listUsers,
  type PasswordKind,
  type RoleName,
  roleNames,
  showUser,
  updateUser,
} from '../domain/people/index.ts'
import { getOrganization } from '../domain/tenancy/index.ts'
import { secret } from '../platform/ids/index.ts'
import { CommandError, parseId } from './terminal.ts'
import { type CommandHouse, withHouse } from './with-house.ts'

const options = {
  org: { type: 'string', default: '100' },
  email: { type: 'string' },
  username: { type: 'string' },
  'first-name': { type: 'string' },
  'last-name': { type: 'string' },
  mobile: { type: 'string' },
  roles: { type: 'string', default: 'user' },
  password: { type: 'string' },
  search: { type: 'string' },
  status: { type: 'string', default: 'active' },
  limit: { type: 'string', default: '100' },
} as const

type Values = ReturnType<typeof read>['values']
const read = (args: readonly string[]) => parseArgs({ args: [...args], options, allowPositionals: true })

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args)
  const [verb, id] = positionals
  if (verb === 'create') return create(values)
  if (verb === 'list') return list(values)
  if (verb === 'password') return renewPassword(values, parseId(id, 'The id of the user'))
  if (verb === 'deactivate') return deactivate(values, parseId(id, 'The id of the user'))
  throw new CommandError(
    'Say user create --email … --first-name … --last-name …, user list [--search …] [--status active|inactive|all], user password ID, or user deactivate ID.',
  )
}

function create(values: Values): Promise<number> {
  const { email, 'first-name': firstName, 'last-name': lastName, mobile } = values
  if (!email || !firstName || !lastName) throw new CommandError('user create needs --email, --first-name and --last-name.')
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new CommandError('--email must be an e-mail address.')
  if (mobile !== undefined && !/^\+[1-9]\d{6,14}$/.test(mobile))
    throw new CommandError('--mobile must be in E.164 form, such as +447700900123.')
  const roles = rolesOf(values.roles)
  const password = values.password ?? secret(12)
  return withOrganization(values, async (session, { house }) => {
    const wanted = { username: values.username ?? email, email, firstName, lastName, roles, password, ...(mobile ? { mobile } : {}) }
    const id = await createUser(session, house, wanted, kindOf(values))
    const shown = JSON.parse((await showUser(session, id)).text) as object
    // One that was made here is seen here alone, for only its hash is kept, and is to be changed within three days.
    console.log(JSON.stringify({ ...shown, ...(values.password === undefined ? { password } : {}) }, null, 2))
  })
}

function rolesOf(text: string): RoleName[] {
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    const known = roleNames.find((role) => role === name)
    if (!known) throw new CommandError(`--roles takes ${roleNames.join(', ')}, not ${name}.`)
    return known
  })
}

function list({ org, search, status, limit }: Values): Promise<number> {
  const wanted = (['active', 'inactive', 'all'] as const).find((name) => name === status)
  if (!wanted) throw new CommandError('--status takes active, inactive or all.')
  return withOrganization({ org }, async (session) => {
    const { text } = await listUsers(session, { search, status: wanted, limit: parseId(limit, '--limit'), offset: 0 })
    console.log(JSON.stringify(JSON.parse(text), null, 2))
  })
}

const kindOf = ({ password }: Values): PasswordKind => (password === undefined ? 'first' : 'own')

/** For who forgot theirs, or did not change the first in time. */
function renewPassword(values: Values, id: number): Promise<number> {
  const password = values.password ?? secret(12)
  return withOrganization(values, async (session, { house }) => {
    await updateUser(session, house, id, { password }, kindOf(values))
    console.log(JSON.stringify({ id, ...(values.password === undefined ? { password } : {}) }))
  })
}

function deactivate(values: Values, id: number): Promise<number> {
  return withOrganization(values, async (session, { house }) => {
    await deactivateUser(session, house, id)
    console.log(JSON.stringify({ id, status: 'inactive' }))
  })
}

function withOrganization(
  { org }: Pick<Values, 'org'>,
  work: (session: ReturnType<CommandHouse['session']>, tools: CommandHouse) => Promise<void>,
): Promise<number> {
  const organizationId = parseId(org, '--org')
  return withHouse(async (tools) => {
    const session = tools.session(organizationId)
    await getOrganization(session, tools.house)
    await work(session, tools)
    return 0
  })
}
