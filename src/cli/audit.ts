// patchbay audit verify: whether the audit log is what was written, and where not.
import { parseArgs } from 'node:util'
import { listOrganizationIds } from '../domain/tenancy/index.ts'
import { verifyAudit } from '../platform/audit/index.ts'
import { CommandError, parseId, say } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: { org: { type: 'string' } }, allowPositionals: true })
  if (positionals[0] !== 'verify') throw new CommandError('Say audit verify.')
  return withWorkshop(async ({ session, database }) => {
    const ids = values.org ? [parseId(values.org, '--org')] : await listOrganizationIds(database)
    let broken = 0
    for (const id of ids) {
      const { entries, breaks } = await verifyAudit(session(id))
      say(`organisation ${id}: ${entries} entries, ${breaks.length === 0 ? 'the chain is whole' : 'the chain is broken'}`)
      for (const { seq, reason } of breaks) say(`  entry ${seq}: ${reason}`)
      broken += breaks.length
    }
    return broken === 0 ? 0 : 1
  })
}
