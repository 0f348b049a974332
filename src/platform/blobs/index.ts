// Recordings, voicemail and other files: in a folder of this machine, or in S3, behind one port.
// Refuses keys that could leave their place, files that are too large, ranges outside the file.
import { join } from 'node:path'
import type { Guard } from '../resilience/index.ts'
import type { Vault } from '../secrets/index.ts'
import type { Clock } from '../time/index.ts'
import { openFileStore } from './files.ts'
import type { BlobStore } from './port.ts'
import { openS3Store, type S3Options } from './s3.ts'

export { type FileStoreOptions, openFileStore } from './files.ts'
export { type OpenedLink, openLink } from './link.ts'
export { type BlobLink, type BlobStore, contentDisposition, type Written } from './port.ts'
export { openS3Store, type S3Options } from './s3.ts'
export { sniffContentType } from './sniff.ts'

/** The vault signs links to files for this purpose: `openLink(token, vault.verifier(linkPurpose), now)`. */
export const linkPurpose = 'blob link'

/** S3 when it is configured, else the folder `blobs` in the data folder. `baseUrl` is asked each time a link is made. */
export function openBlobs(input: {
  readonly settings: { readonly dataFolder: string; readonly s3?: S3Options | undefined }
  readonly vault: Pick<Vault, 'signer'>
  readonly clock: Clock
  readonly baseUrl: () => string
  /** Around every request to S3 but uploads, which take as long as they take; the SDK repeats those by itself. */
  readonly guard?: Guard
}): BlobStore {
  const { settings, vault, clock, baseUrl, guard } = input
  if (settings.s3) return openS3Store({ ...settings.s3, ...(guard ? { guarded: (fn) => guard.call(fn, { idempotent: true }) } : {}) })
  return openFileStore({ folder: join(settings.dataFolder, 'blobs'), publicUrl: baseUrl, sign: vault.signer(linkPurpose), clock })
}
