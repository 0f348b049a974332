// patchbay keys rotate: a new signing key; tokens of the old one stay good until they run out, or end with --revoke.
import { rotateSigningKeys } from '../platform/auth/index.ts'
import { CommandError } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

export function run([verb, ...rest]: readonly string[]): Promise<number> {
  const revoke = rest[0] === '--revoke'
  if (verb !== 'rotate' || rest.length > (revoke ? 1 : 0)) throw new CommandError('Say keys rotate, or keys rotate --revoke.')
  return withWorkshop(async ({ database, vault, clock, bus }) => {
    const kid = await rotateSigningKeys(database, vault, clock, { revoke })
    await bus.publish('auth.keys_rotated', { kid })
    console.log(JSON.stringify({ kid, ...(revoke ? { revoked: 'every key before it' } : {}) }))
    return 0
  })
}
