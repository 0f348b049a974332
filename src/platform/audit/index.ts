// The audit log's truth (P9): every entry's hash covers the one before it, and checkpoints, signed with a key that the
// database does not have and copied outside it, say where each chain stood. An edit, a deletion, an insertion shows where
// it happened; a past that was rewritten and hashed anew shows against the checkpoint before it.
import type { BlobStore } from '../blobs/port.ts'
import type { Database } from '../db/index.ts'
import type { Vault } from '../secrets/index.ts'
import type { Log } from '../session/session.ts'
import type { Clock } from '../time/index.ts'
import { type ChainRow, selectChains } from './audit.sql.ts'
import { beginning } from './chain.ts'
import { openCheckpointKey } from './checkpoint.ts'
import { openCopies } from './copies.ts'
import type { Finding } from './findings.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { type Made, makeCheckpoint } from './make.ts'
import { type Pruned, prune } from './prune.ts'
import { walkChain } from './walk.ts'

export type { Finding, FindingKind } from './findings.ts'
export { auditJobs } from './jobs.ts'

export interface AuditServices {
  readonly database: Database
  readonly vault: Pick<Vault, 'keys'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
}

export interface VerifyOptions {
  /** One organisation's chain alone. */
  readonly organizationId?: number
  /** Public keys (base64url) that are trusted besides this installation's own. */
  readonly keys?: readonly string[]
  readonly onProgress?: (entries: number) => void
}

export interface ChainVerdict {
  readonly organizationId: number
  readonly entries: number
  readonly findings: readonly Finding[]
}
export interface AuditVerdict {
  readonly entries: number
  readonly chains: readonly ChainVerdict[]
  readonly checkpoints: Pick<Ledger, 'inDatabase' | 'outside' | 'statements'> & { readonly trusted: boolean }
  /** Of the checkpoints and of every chain, the first of each in front. */
  readonly findings: readonly Finding[]
}

export interface Audit {
  /** What a checkpoint of this installation is signed with, for whoever checks without its secret. */
  readonly publicKey: string
  verify(options?: VerifyOptions): Promise<AuditVerdict>
  /**
   * Signs where the chains stand, having checked what was added since the last time; null when nothing was.
   * With `accept` it takes the chains as they are, for a reason that every later verdict shows.
   */
  checkpoint(options?: { readonly accept?: string }): Promise<Made | null>
  /** Removes what is older, behind a checkpoint that says so. The log must be whole; as the database's owner. */
  prune(before: Date): Promise<Pruned>
}

export function openAudit(services: AuditServices): Audit {
  const { database, vault, blobs } = services
  const seeds = vault.keys('audit checkpoint').map(openCheckpointKey)
  const [key] = seeds
  if (!key) throw new Error('there is no key to sign checkpoints with')
  const own = seeds.map(({ publicKey }) => publicKey)
  const copies = openCopies(blobs)
  const maker = { ...services, copies, key, trusted: own }
  const audit: Audit = {
    publicKey: key.publicKey,
    verify: (options = {}) => verify(database, (trusted) => readLedger(database, copies, trusted), own, options),
    checkpoint: ({ accept } = {}) => makeCheckpoint(maker, accept === undefined ? undefined : { reason: accept }),
    prune: (before) => prune(maker, () => audit.verify(), before),
  }
  return audit
}

async function verify(
  database: Database,
  ledgerOf: (trusted: readonly string[]) => Promise<Ledger>,
  own: readonly string[],
  { organizationId, keys = [], onProgress = () => {} }: VerifyOptions,
): Promise<AuditVerdict> {
  const ledger = await ledgerOf([...own, ...keys])
  const chains = (await database.read(null, selectChains, {})) as ChainRow[]
  const known = new Set([...chains.map((chain) => chain.organizationId), ...ledger.commitments.keys()])
  const wanted = organizationId === undefined ? [...known].sort((a, b) => a - b) : [organizationId]
  const verdicts: ChainVerdict[] = []
  let entries = 0
  for (const id of wanted) {
    const start = ledger.bases.get(id) ?? beginning
    const walked = await walkChain(database.pool, id, start, ledger.commitments.get(id) ?? [], (count) => onProgress(entries + count))
    entries += walked.entries
    verdicts.push({ organizationId: id, entries: walked.entries, findings: walked.findings })
  }
  return {
    entries,
    chains: verdicts,
    checkpoints: {
      inDatabase: ledger.inDatabase,
      outside: ledger.outside,
      statements: ledger.statements,
      trusted: ledger.newest?.trusted ?? false,
    },
    findings: [...ledger.findings, ...verdicts.flatMap(({ findings }) => findings)],
  }
}
