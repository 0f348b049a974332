// One PostgreSQL for the whole run, started when a test first asks for it, so that a run that needs none pays nothing.
// Tests ask over a socket, because they run in processes of their own.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { lockHolder } from '../../src/platform/db/embedded/lock.ts'
import { type Embedded, startEmbedded } from '../../src/platform/db/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresDoor: number
  }
}

const prefix = 'patchbay-tests-'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  chmodSync(folder, 0o711) // root's database account passes through
  let started: Promise<Embedded> | undefined
  const server = createServer((socket) => {
    socket.on('error', () => {}) // the test that asked has ended
    started ??= begin(folder)
    started.then(
      ({ url }) => socket.end(JSON.stringify({ url })),
      (error: Error) => socket.end(JSON.stringify({ error: error.message })),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  project.provide('postgresDoor', address && typeof address === 'object' ? address.port : 0)
  return async () => {
    await new Promise((resolve) => server.close(resolve))
    await (await started?.catch(() => undefined))?.stop()
    removeRun(folder)
  }
}

function begin(folder: string): Promise<Embedded> {
  clearOldRuns(folder)
  return startEmbedded({ dataFolder: folder, durable: false, maxConnections: 400 })
}

/** What a killed run left: its server has been ended by its guard; its folder is ours to remove. */
function clearOldRuns(own: string): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name)
    const lock = join(folder, 'patchbay.lock')
    if (folder !== own && existsSync(lock) && lockHolder(lock) === null) removeRun(folder)
  }
}

const removeRun = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
