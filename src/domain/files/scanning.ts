// Uploaded files are shown to the scanner for malware once they are whole and before their row is written: until then nothing
// leads to them. Where no scanner is named, every file passes. What nobody could judge is refused, as what is infected is.
import type { BlobStore } from '../../platform/blobs/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { StoredBytes } from './files.ts'
import type { MalwareScanner, Verdict } from './ports.ts'

export interface ScanServices {
  readonly blobs: BlobStore
  readonly scanner: MalwareScanner | null
}

/** Takes as long as the scanner does: no transaction may wait for it. @throws scanner_unavailable, storage_unavailable */
export async function scanBytes(session: Session, { blobs, scanner }: ScanServices, { key, size, sha256 }: StoredBytes): Promise<Verdict> {
  if (!scanner) return { is: 'clean' }
  const verdict = await scanner.scan(
    async () => ((await blobs.read(key)) ?? refuse('storage_unavailable', { headers: { 'retry-after': '2' } })).body,
  )
  if (verdict.is !== 'infected') return verdict
  const { organizationId, principal } = session
  session.log.warn(
    { event: 'malware_found', malware: verdict.malware, size, sha256, caller: principal.subject, organizationId },
    'an uploaded file holds malware and is not kept',
  )
  return verdict
}

/** @throws malware_found, blob_too_large */
export function judgeScanned(verdict: Verdict): void {
  if (verdict.is === 'too_large') refuse('blob_too_large', { message: 'The file is larger than the scanner for malware takes.' })
  if (verdict.is !== 'infected') return
  const message = `holds ${verdict.malware}`
  refuse('malware_found', { problems: [{ in: 'body', path: ['file'], message, rule: 'malware' }] })
}
