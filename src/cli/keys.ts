// patchbay keys rotate: a new signing key; tokens of the old one stay good until they run out.
import { rotateSigningKeys } from '../platform/auth/index.ts'
import { CommandError } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

export function run([verb]: readonly string[]): Promise<number> {
  if (verb !== 'rotate') throw new CommandError('Say keys rotate.')
  return withWorkshop(async ({ database, vault, clock, bus }) => {
    const kid = await rotateSigningKeys(database, vault, clock)
    await bus.publish('auth.keys_rotated', { kid })
    console.log(JSON.stringify({ kid }))
    return 0
  })
}
