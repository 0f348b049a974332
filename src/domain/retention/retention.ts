// Deletes what is older than an organisation wants it kept (docs/decisions/0049). N days are N times 24 hours before now, from a
// call's end, and from when a message was left. Refuses what is under legal hold, and leaves what somebody is at for the next hour.
import type { OpenSession, Session, Tx } from '../../platform/session/index.ts'
import { type EachOptions, forEachOrganization } from '../calls/index.ts'
import { removeFiles } from '../files/index.ts'
import { cachedRecordings, type RecordingCaches } from '../recordings/index.ts'
import { organizationSettings, type Retention } from '../tenancy/index.ts'
import {
  deleteCalls,
  deleteMessages,
  deleteParts,
  deleteRecordings,
  deleteTurns,
  detachAppointments,
  detachMessages,
  emptyAnswers,
  emptyDialogues,
  emptyEvents,
  forgetMessageWords,
  holdEmptied,
  lockOldCalls,
  lockOldCallsWithWords,
  lockOldMessages,
  lockOldMessagesWithWords,
  moveEmptied,
  selectOrganizationsWithRetention,
  selectUnheld,
  takeRetention,
} from './retention.sql.ts'

export interface RetentionServices extends RecordingCaches {
  readonly openSession: OpenSession
}

/**
 * `rows` of each kind, or `events` of the feed, go in one change, some tenths of a second; of one organisation, and of all, so many
 * changes in a run: what became old long ago goes over hours, beside everything else.
 */
export interface RetentionLimits {
  readonly rows: number
  readonly events: number
  readonly ofOne: number
  readonly ofAll: number
}
const usual: RetentionLimits = { rows: 500, events: 5_000, ofOne: 50, ofAll: 200 }

/** What a change did: how much went, for the audit log, and whether there may be more of it. */
interface Done {
  readonly gone: Readonly<Record<string, number>>
  readonly more: boolean
}
type Change = (tx: Tx, retention: Retention) => Promise<Done>

/** For every organisation that wants it, suspended ones too: their data is no less theirs. @returns in how many changes */
export async function carryOutRetention(
  session: Session,
  options: RetentionServices & EachOptions,
  limits: Partial<RetentionLimits> = {},
): Promise<number> {
  const { rows, events, ofOne, ofAll } = { ...usual, ...limits }
  const found = await session.list(selectOrganizationsWithRetention, {})
  let left = ofAll
  const work = async (inside: Session) => {
    const most = Math.min(ofOne, left)
    const changes = await carryOutInside(inside, [removeOld(options, rows), ...emptyFeeds(events)], most, options)
    left -= changes
    return changes
  }
  return forEachOrganization(found, { ...options, subject: 'job:retention.carry-out', work })
}

async function carryOutInside(
  session: Session,
  kinds: readonly Change[],
  most: number,
  options: RetentionServices & EachOptions,
): Promise<number> {
  let changes = 0
  for (const change of kinds) {
    for (let more = true; more && changes < most; ) {
      options.signal?.throwIfAborted()
      const done = await changeOnce(session, options, change)
      more = done.more
      if (sumOf(done) > 0 || more) changes++
    }
  }
  return changes
}

/**
 * One change with its one entry in the audit log: a process that is killed leaves all of it undone. What is wanted is read each time, so
 * that who asks to keep things longer is obeyed from the next change on.
 */
function changeOnce(session: Session, services: RetentionServices, change: Change): Promise<Done> {
  return session.write(async (tx) => {
    if (!(await tx.read(takeRetention, {}))?.taken) return none
    const { retention } = await organizationSettings(tx, services)
    const done = await change(tx, retention)
    // Nobody's doing, and maybe thousands: the feed does not tell of it. Who keeps a copy of what we keep has the same days to go by.
    if (sumOf(done) > 0) {
      tx.emit('retention.carried_out', {}, { resource: `organization:${tx.organizationId}`, after: done.gone, feed: false })
    }
    return done
  })
}

const none: Done = { gone: {}, more: false }
const sumOf = ({ gone }: Done): number => Object.values(gone).reduce((sum, count) => sum + count, 0)
const dayMs = 24 * 3600 * 1000
const since = (tx: Tx, days: number): Date => new Date(tx.now().getTime() - days * dayMs)

/** Files last: the row that counts them is what others wait for. */
const removeOld =
  (services: RecordingCaches, most: number): Change =>
  async (tx, { callDays, voicemailDays, transcriptDays }) => {
    const files: string[] = []
    const calls = callDays === null ? none : await removeCalls(tx, { before: since(tx, callDays), most }, files, services)
    const messages = voicemailDays === null ? none : await removeMessages(tx, { before: since(tx, voicemailDays), most }, files)
    const words = transcriptDays === null ? none : await removeWords(tx, { before: since(tx, transcriptDays), most })
    if (files.length > 0) await removeFiles(tx, files)
    return { gone: { ...calls.gone, ...messages.gone, ...words.gone }, more: calls.more || messages.more || words.more }
  }

interface Old {
  readonly before: Date
  readonly most: number
}

/** With all that was only ever theirs. Messages and appointments stay, without their call; what they cost stays in the ledger. */
async function removeCalls(tx: Tx, old: Old, files: string[], services: RecordingCaches): Promise<Done> {
  const found = await tx.list(lockOldCalls, old)
  const more = found.length === old.most
  const callIds = await unheld(tx, found)
  if (callIds.length === 0) return { gone: {}, more }
  for (const removal of [deleteCalls, deleteTurns, ...deleteParts, detachMessages, detachAppointments]) tx.later(removal, { callIds })
  const recordings = await tx.list(deleteRecordings, { callIds })
  files.push(...filesOf(recordings))
  const there = recordings.filter((recording) => recording.there)
  for (const { id } of there) await cachedRecordings(services).dropWith(tx, `${tx.organizationId}:${id}`)
  return { gone: { calls: callIds.length, recordings: there.length }, more }
}

async function removeMessages(tx: Tx, old: Old, files: string[]): Promise<Done> {
  const ids = idsOf(await tx.list(lockOldMessages, old))
  const removed = ids.length === 0 ? [] : await tx.list(deleteMessages, { ids })
  files.push(...filesOf(removed))
  return { gone: { voicemails: removed.length }, more: ids.length === old.most }
}

/** Call and message stay; what was said is gone. */
async function removeWords(tx: Tx, old: Old): Promise<Done> {
  const spoken = await tx.list(lockOldCallsWithWords, old)
  const callIds = await unheld(tx, spoken)
  if (callIds.length > 0) for (const removal of [deleteTurns, emptyDialogues, emptyAnswers]) tx.later(removal, { callIds })
  const ids = idsOf(await tx.list(lockOldMessagesWithWords, old))
  const forgotten = ids.length === 0 ? [] : await tx.list(forgetMessageWords, { ids })
  return {
    gone: { wordsOfCalls: callIds.length, wordsOfVoicemails: forgotten.length },
    more: spoken.length === old.most || ids.length === old.most,
  }
}

async function unheld(tx: Tx, found: readonly { readonly id: string }[]): Promise<string[]> {
  return found.length === 0 ? [] : idsOf(await tx.list(selectUnheld, { callIds: idsOf(found) }))
}

const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id)
const filesOf = (rows: readonly { readonly blobId: string | null }[]): string[] => rows.flatMap(({ blobId }) => blobId ?? [])

/** The feed said who rang whom: of an event that is as old it says no more than whose it was. Its number and its type stay. */
const emptyFeeds = (most: number): Change[] => [emptyFeed('call', 'callDays', most), emptyFeed('voicemail', 'voicemailDays', most)]

const emptyFeed =
  (family: 'call' | 'voicemail', wanted: 'callDays' | 'voicemailDays', most: number): Change =>
  async (tx, { [wanted]: days }) => {
    if (days === null) return none
    const after = (await tx.read(holdEmptied, { family }))?.seq ?? 0
    const asked = { family, kept: [`${family}Id`], after, before: since(tx, days), most }
    const { reached = null, passed = 0, emptied = 0 } = (await tx.read(emptyEvents, asked)) ?? {}
    if (reached === null) return none
    tx.later(moveEmptied, { family, seq: reached })
    return { gone: { [`${family}Events`]: emptied }, more: passed === most }
  }
