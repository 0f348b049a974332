// Files in a folder of this machine. A file appears under its name only when it is whole and on disk: written aside, synced, renamed.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../time/index.ts'
import { checkStore } from './check.ts'
import { signLink } from './link.ts'
import { measure } from './measure.ts'
import { type BlobStore, checkKey, checkRange } from './port.ts'

export interface FileStoreOptions {
  readonly folder: string
  /** Where this server is reached; asked each time, as the port may be known late. */
  readonly publicUrl: () => string
  readonly sign: (text: string) => string
  readonly clock: Clock
}

export function openFileStore({ folder, publicUrl, sign, clock }: FileStoreOptions): BlobStore {
  const pathOf = (key: string) => join(folder, 'kept', checkKey(key))
  const store: BlobStore = {
    kind: 'files',
    write: async (key, body, { maxBytes }) => writeWhole(folder, pathOf(key), body, maxBytes),
    read: async (key, range) => {
      const file = await open(pathOf(key), 'r').catch(absent)
      if (!file) return null
      try {
        const { size } = await file.stat()
        const part = range ? checkRange(range, size) : {}
        return { body: file.createReadStream(part), size }
      } catch (error) {
        await file.close()
        throw error
      }
    },
    stat: async (key) => {
      const found = await stat(pathOf(key)).catch(absent)
      return found?.isFile() ? { size: found.size } : null
    },
    remove: async (key) => rm(pathOf(key), { force: true }),
    link: async (key, { expiresS, ...what }) => {
      const expires = clock.now().getTime() + expiresS * 1000
      return `${publicUrl().replace(/\/$/, '')}/blobs/${signLink({ key: checkKey(key), ...what, expires }, sign)}`
    },
    check: () => checkStore(store),
    close: async () => {},
  }
  return store
}

async function writeWhole(folder: string, path: string, body: Readable | Buffer, maxBytes: number | undefined) {
  const incoming = join(folder, 'incoming')
  const aside = join(incoming, randomUUID())
  const { stream, written } = measure(maxBytes)
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  try {
    await pipeline(
      Buffer.isBuffer(body) ? Readable.from([body]) : body,
      stream,
      createWriteStream(aside, { flags: 'wx', mode: 0o600, flush: true }),
    )
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rename(aside, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
  return written()
}

/** The rename is on disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
