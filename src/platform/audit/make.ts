// Makes checkpoints. It signs nothing that it has not walked itself from the last checkpoint on, and does not vouch for a
// checkpoint before it that it cannot trust: otherwise its signature would make a forgery good.
import type { Database } from '../db/index.ts'
import type { Log } from '../session/session.ts'
import type { Clock } from '../time/index.ts'
import {
  type ChainRow,
  type CheckpointRow,
  insertCheckpoint,
  lockCheckpoints,
  selectChains,
  selectCheckpoints,
  selectNewestCheckpoint,
} from './audit.sql.ts'
import { beginning, type Mark } from './chain.ts'
import type { Checkpoint, CheckpointKey, Head } from './checkpoint.ts'
import type { Copies } from './copies.ts'
import type { Finding } from './findings.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { type Walked, walkChain } from './walk.ts'

export interface Maker {
  readonly database: Database
  readonly copies: Copies
  readonly clock: Clock
  readonly log: Log
  readonly key: CheckpointKey
  /** Public keys: the present one's, and those before it. */
  readonly trusted: readonly string[]
}

export interface Made {
  readonly number: number
  readonly findings: readonly Finding[]
}

/** Every so many checkpoints one tells of every chain, so that nobody has to read further back to make the next. */
const fullEvery = 24
const fullBefore = (number: number): number => Math.max(number - ((number - 1) % fullEvery), 1)

/** From here on only, and why. Without `bases`, from where the chains stand now. */
export interface Stated {
  readonly reason: string
  readonly bases?: readonly Head[]
}

/** Null when no chain moved and nothing is stated, or another process was faster. */
export async function makeCheckpoint(maker: Maker, stated?: Stated): Promise<Made | null> {
  const { database, copies, trusted, clock, log, key } = maker
  const stored = await newestStored(database)
  const ledger = await readLedger(database, copies, trusted, stated ? 1 : fullBefore(stored))
  const number = (ledger.newest?.number ?? 0) + 1
  const full = number === fullBefore(number) || stated !== undefined
  const { heads, moved, findings } = await walkMoved(database, ledger, full)
  for (const { words, organizationId, kind } of [...ledger.findings, ...findings])
    log.error({ organizationId, kind }, `audit log: ${words}`)
  let made: Made | null = null
  if (moved || stated) {
    const checkpoint: Omit<Checkpoint, 'key'> = {
      number,
      at: clock.now().toISOString(),
      previous: ledger.newest?.fingerprint ?? null,
      vouches: ledger.newest?.trusted ?? true,
      heads: stated && !stated.bases ? [] : heads,
      ...(stated ? { bases: stated.bases ?? heads, reason: stated.reason } : full ? basesOf(ledger) : {}),
    }
    made = (await store(maker, checkpoint, stored)) ? { number, findings: [...ledger.findings, ...findings] } : null
    if (made) log.info({ checkpoint: number, key: key.publicKey }, 'audit checkpoint')
  }
  await copyOutside(maker)
  return made
}

/** What earlier ones said, said again where one tells of all. */
function basesOf({ bases }: Ledger): Pick<Checkpoint, 'bases'> {
  return bases.size === 0
    ? {}
    : { bases: [...bases].map(([organizationId, { seq, hash }]): Head => [organizationId, seq, hash.toString('hex')]) }
}

async function newestStored(database: Database): Promise<number> {
  const [row] = (await database.read(null, selectNewestCheckpoint, {})) as { number: number }[]
  return row?.number ?? 0
}

/** Where the chains stand: those that moved since they were last told of, or all. */
async function walkMoved(database: Database, ledger: Ledger, full: boolean) {
  const heads: Head[] = []
  const findings: Finding[] = []
  let moved = false
  for (const chain of (await database.read(null, selectChains, {})) as ChainRow[]) {
    const told = ledger.commitments.get(chain.organizationId)?.at(-1)
    const known: Mark = told ?? ledger.bases.get(chain.organizationId) ?? beginning
    const still = known.seq === chain.seq && known.hash.equals(chain.hash)
    if (still && !full) continue
    const walked: Walked = still
      ? { entries: 0, findings: [], head: chain }
      : await walkChain(database.pool, chain.organizationId, ...startOf(ledger, chain, known))
    moved ||= !still
    findings.push(...walked.findings)
    heads.push([chain.organizationId, walked.head.seq, walked.head.hash.toString('hex')])
  }
  return { heads, moved, findings }
}

/** From what was last told of; or, where the chain has become shorter, from its beginning against all that was told. */
function startOf(ledger: Ledger, chain: ChainRow, known: Mark): [Mark, Parameters<typeof walkChain>[3]] {
  if (chain.seq >= known.seq) return [known, []]
  return [ledger.bases.get(chain.organizationId) ?? beginning, ledger.commitments.get(chain.organizationId) ?? []]
}

function store({ database, key }: Maker, checkpoint: Omit<Checkpoint, 'key'>, stored: number): Promise<boolean> {
  return database.transaction(null, async (connection) => {
    await connection.run(lockCheckpoints, {})
    const [newest] = (await connection.run(selectNewestCheckpoint, {})) as { number: number }[]
    if (newest?.number !== stored) return false
    await connection.run(insertCheckpoint, { number: checkpoint.number, at: new Date(checkpoint.at), ...key.sign(checkpoint) })
    return true
  })
}

/** What the database has and the outside has not yet, in order. */
async function copyOutside({ database, copies }: Maker): Promise<void> {
  const after = await copies.newest(await newestStored(database))
  for (const { number, body, signature } of (await database.read(null, selectCheckpoints, { after, limit: 1000 })) as CheckpointRow[])
    if (!(await copies.has(number))) await copies.write(number, { body, signature })
}
