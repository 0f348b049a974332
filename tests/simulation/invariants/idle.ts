import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Exam, type Invariant, rowsOf } from '../exam.ts'

const leftOpen = `
  SELECT pid, state, left(query, 100) AS query FROM pg_stat_activity
   WHERE datname = current_database() AND application_name LIKE 'patchbay%' AND state LIKE 'idle in transaction%'`
const lockedStill = `
  SELECT l.pid, l.objid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'advisory' AND a.datname = current_database() AND a.application_name LIKE 'patchbay%'`
const ownerless = `
  SELECT 'leg' AS what, l.call_id::text AS id FROM calls.legs l
   WHERE NOT EXISTS (SELECT FROM calls.calls c WHERE c.organization_id = l.organization_id AND c.id = l.call_id)
  UNION ALL
  SELECT 'recording without a file', r.id::text FROM recordings.recordings r
   WHERE r.status = 'available' AND NOT EXISTS (SELECT FROM blobs.blobs b WHERE b.organization_id = r.organization_id AND b.id = r.blob_id)
  UNION ALL
  SELECT 'file of nobody', b.id::text FROM blobs.blobs b
   WHERE NOT EXISTS (SELECT FROM recordings.recordings r WHERE r.organization_id = b.organization_id AND r.blob_id = b.id)
     AND NOT EXISTS (SELECT FROM voicemail.messages m WHERE m.organization_id = b.organization_id AND m.blob_id = b.id)
  UNION ALL
  SELECT 'usage that does not add up', u.organization_id::text FROM blobs.usage u
   WHERE u.recording_bytes + u.voicemail_bytes + u.asset_bytes
      <> (SELECT coalesce(sum(b.size), 0) FROM blobs.blobs b WHERE b.organization_id = u.organization_id)`

/** Files on disk and rows are the same set. */
async function strayFiles(exam: Exam): Promise<unknown[]> {
  const rows = await rowsOf<{ key: string }>(exam, 'SELECT key FROM blobs.blobs')
  const keys = new Set(rows.map(({ key }) => key))
  const folder = join(exam.scene.world.dataFolder, 'blobs', 'kept')
  // What the audit log keeps of itself is checked by its own verdict.
  const files = filesUnder(folder).filter((file) => !file.startsWith('audit/'))
  return [
    ...files.filter((file) => !keys.has(file)).map((file) => ({ 'a file without a row': file })),
    ...[...keys].filter((key) => !files.includes(key)).map((key) => ({ 'a row without its file': key })),
  ]
}

function filesUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return [] // nothing was ever kept
    throw error
  }
}

export const idle: Invariant = {
  promise: 'at rest nothing is left: no lock, no open transaction, no leg, file or row of nobody',
  every: Number.POSITIVE_INFINITY,
  async check(exam) {
    const found: unknown[] = []
    for (const sql of [leftOpen, lockedStill, ownerless]) found.push(...(await rowsOf(exam, sql)))
    return [...found, ...(await strayFiles(exam))]
  },
}
