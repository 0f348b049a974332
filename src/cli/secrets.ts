// patchbay secrets rotate: after SECRET_KEY was changed (and the old one put into SECRET_KEY_PREVIOUS), seals everything anew.
import { resealSigningKeys } from '../platform/auth/index.ts'
import { CommandError } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

export function run([verb]: readonly string[]): Promise<number> {
  if (verb !== 'rotate') throw new CommandError('Say secrets rotate.')
  return withWorkshop(async ({ database, vault }) => {
    console.log(JSON.stringify({ resealed: await resealSigningKeys(database, vault) }))
    return 0
  })
}
