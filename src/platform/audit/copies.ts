// Copies of the checkpoints outside the database: one file each, in the blob store. Who owns the database cannot take
// them back, so a checkpoint that is missing there, or a database that was set back, shows.
import { text } from 'node:stream/consumers'
import type { BlobStore } from '../blobs/port.ts'
import type { Sealed } from './checkpoint.ts'

const keyOf = (number: number): string => `audit/checkpoints/${String(number).padStart(12, '0')}.json`

export interface Copies {
  /** The number of the newest copy, looked for around `near`; 0 when there is none. */
  newest(near: number): Promise<number>
  read(number: number): Promise<Sealed | null>
  has(number: number): Promise<boolean>
  write(number: number, checkpoint: Sealed): Promise<void>
}

export function openCopies(blobs: BlobStore): Copies {
  const has = async (number: number) => number > 0 && (await blobs.stat(keyOf(number))) !== null
  return {
    has,
    newest: async (near) => ((await has(near + 1)) ? lastAbove(near + 1, has) : lastBelow(near, has)),
    async read(number) {
      const found = await blobs.read(keyOf(number))
      return found ? sealedOf(await text(found.body)) : null
    },
    async write(number, { body, signature }) {
      await blobs.write(keyOf(number), Buffer.from(`${JSON.stringify({ body, signature })}\n`), { contentType: 'application/json' })
    },
  }
}

/** Copies are made in order and stay: those there are reach from the first to the newest. */
async function lastAbove(known: number, has: (number: number) => Promise<boolean>): Promise<number> {
  let low = known
  let step = 1
  while (await has(low + step)) {
    low += step
    step *= 2
  }
  for (let high = low + step; high - low > 1; ) {
    const middle = Math.floor((low + high) / 2)
    if (await has(middle)) low = middle
    else high = middle
  }
  return low
}

async function lastBelow(near: number, has: (number: number) => Promise<boolean>): Promise<number> {
  let high = near + 1
  let step = 1
  while (high - step > 0 && !(await has(high - step))) {
    high -= step
    step *= 2
  }
  return high - step > 0 ? lastWithin(high - step, high, has) : lastWithin(0, high, has)
}

async function lastWithin(from: number, to: number, has: (number: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [from, to]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (await has(middle)) low = middle
    else high = middle
  }
  return low
}

/** What cannot be read as a copy is shown as one that nobody signed. */
function sealedOf(content: string): Sealed {
  try {
    const { body, signature } = JSON.parse(content) as Partial<Sealed>
    return { body: String(body), signature: String(signature) }
  } catch {
    return { body: content, signature: '' }
  }
}
