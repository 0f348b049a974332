// patchbay token: an access token of the built-in issuer, for any role and claim that a test or a script needs.
import { parseArgs } from 'node:util'
import { CommandError, parseDuration, parseId } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

const options = {
  org: { type: 'string', default: '100' },
  roles: { type: 'string', default: 'admin' },
  permissions: { type: 'string' },
  user: { type: 'string' },
  acct: { type: 'string' },
  claims: { type: 'string' },
  ttl: { type: 'string', default: '1h' },
} as const

export function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options })
  const roles = listOf(values.roles)
  const extra = parseClaims(values.claims)
  const organizationId = parseId(values.org, '--org')
  const ttlS = parseDuration(values.ttl, '--ttl')
  return withWorkshop(async ({ tokens, settings }) => {
    if (settings.env === 'production' && ['exp', 'iss', 'aud'].some((claim) => claim in extra)) {
      throw new CommandError('exp, iss and aud cannot be overridden in production.')
    }
    const token = await (await tokens()).issue(
      {
        subject: values.user ? `user:${parseId(values.user, '--user')}` : `client:command-${organizationId}`,
        organizationId,
        roles,
        ...(values.permissions ? { permissions: listOf(values.permissions) } : {}),
        ...(values.acct ? { account: values.acct } : {}),
        extra,
      },
      ttlS,
    )
    console.log(token)
    return 0
  })
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

function parseClaims(text: string | undefined): Record<string, unknown> {
  if (!text) return {}
  try {
    const claims: unknown = JSON.parse(text)
    if (claims && typeof claims === 'object' && !Array.isArray(claims)) return claims as Record<string, unknown>
  } catch {
    // said below, the same for everything that is not an object
  }
  throw new CommandError(`--claims must be a JSON object, such as '{"sub":"user:12345"}'.`)
}
