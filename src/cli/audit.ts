// patchbay audit verify: whether the audit log is what was written, and where not. Ends with 1 when it is not.
// Beside it: a checkpoint now, the key that others check them by, taking a state as it is (a backup put back), and
// removing what is old.
import { parseArgs } from 'node:util'
import type { Audit, AuditVerdict } from '../platform/audit/index.ts'
import { CommandError, dim, green, parseId, say, step, yellow } from './terminal.ts'
import { withHouse } from './with-house.ts'

const options = {
  org: { type: 'string' },
  json: { type: 'boolean', default: false },
  key: { type: 'string', multiple: true },
  reason: { type: 'string' },
  before: { type: 'string' },
} as const

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb] = positionals
  if (!verb || !['verify', 'checkpoint', 'key', 'accept', 'prune'].includes(verb))
    throw new CommandError('Say audit verify, audit checkpoint, audit key, audit accept --reason "…" or audit prune --before DATE.')
  if (verb === 'accept' && !values.reason?.trim())
    throw new CommandError('Say why the audit log is taken as it is: audit accept --reason "…". Every later verdict shows it.')
  const before = new Date(/^\d{4}-\d{2}-\d{2}$/.test(values.before ?? '') ? `${values.before}T00:00:00Z` : Number.NaN)
  if (verb === 'prune' && Number.isNaN(before.getTime())) throw new CommandError('Say what is to go: audit prune --before 2025-01-01.')
  const organizationId = values.org === undefined ? undefined : parseId(values.org, '--org')
  const { key: keys = [] } = values
  for (const key of keys) if (!/^[A-Za-z0-9_-]{43}$/.test(key)) throw new CommandError('--key must be what audit key prints.')
  return withHouse(async ({ house: { audit } }) => {
    if (verb === 'key') console.log(audit.publicKey)
    else if (verb === 'checkpoint') console.log(JSON.stringify(await made(audit)))
    else if (verb === 'prune') return await prune(audit, before)
    else if (verb === 'accept') console.log(JSON.stringify(await made(audit, values.reason)))
    else return await verify(audit, { keys, ...(organizationId === undefined ? {} : { organizationId }) }, values.json)
    return 0
  })
}

async function made(audit: Audit, accept?: string): Promise<object> {
  const checkpoint = await audit.checkpoint(accept === undefined ? {} : { accept })
  if (accept !== undefined && !checkpoint)
    throw new CommandError('Another process made a checkpoint at this moment. Look at it, and say it again.')
  return checkpoint ?? { number: null, findings: [] }
}

async function prune(audit: Audit, before: Date): Promise<number> {
  const { removed, findings } = await audit.prune(before)
  for (const { words } of findings) say(`  ${words}`)
  if (findings.length > 0) throw new CommandError('Nothing was removed: the audit log is not whole, and afterwards nobody could tell.')
  console.log(JSON.stringify({ removed }))
  return 0
}

async function verify(audit: Audit, options: Parameters<Audit['verify']>[0], json: boolean): Promise<number> {
  if (json) {
    const verdict = await audit.verify(options)
    console.log(JSON.stringify({ ok: verdict.findings.length === 0, ...verdict }, null, 2))
    return verdict.findings.length === 0 ? 0 : 1
  }
  let entries = 0
  const onProgress = (count: number) => {
    entries = count
  }
  const verdict = await step(
    () => `Reading the audit log: ${entries.toLocaleString('en')} entries`,
    () => audit.verify({ ...options, onProgress }),
  )
  show(verdict)
  return verdict.findings.length === 0 ? 0 : 1
}

function show({ chains, checkpoints, findings }: AuditVerdict): void {
  for (const { organizationId, entries, findings: own } of chains) {
    const state = own.length === 0 ? 'the chain is whole' : yellow('the chain is broken')
    say(`organisation ${organizationId}: ${entries} ${entries === 1 ? 'entry' : 'entries'}, ${state}`)
    for (const { words, kind } of own) say(`  ${words} ${dim(`[${kind}]`)}`)
  }
  const { inDatabase, outside } = checkpoints
  say(
    `checkpoints: ${inDatabase} in the database, ${outside} outside it${inDatabase + outside === 0 ? '; patchbay audit checkpoint makes one' : ''}`,
  )
  for (const { words, kind, organizationId } of findings) if (organizationId === null) say(`  ${words} ${dim(`[${kind}]`)}`)
  for (const { number, at, reason } of checkpoints.statements) say(`  from checkpoint ${number} (${at}) on: ${reason}`)
  say(
    findings.length === 0
      ? green('Nothing is wrong.')
      : yellow(`${findings.length} ${findings.length === 1 ? 'thing is' : 'things are'} wrong.`),
  )
}
