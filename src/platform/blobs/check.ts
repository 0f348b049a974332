import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { BlobStore } from './port.ts'

/** A real round trip, under a key that belongs to no organisation. @throws what went wrong */
export async function checkStore(store: BlobStore): Promise<void> {
  const key = `0/check/${randomUUID()}`
  const text = Buffer.from(key)
  try {
    await store.write(key, text, { contentType: 'text/plain' })
    const found = await store.read(key)
    if (!found || !(await buffer(found.body)).equals(text)) throw new Error('the store did not give back what it was given')
  } finally {
    await store.remove(key)
  }
}
