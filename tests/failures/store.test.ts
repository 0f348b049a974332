// P14: files are kept in S3, and S3 goes wrong. Whoever uploads or asks for a file hears so cleanly, nothing is half kept, and jobs
// do their work when they run again. That nobody else asks is seen by `npm run chaos failures`.
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3Store } from '../../src/platform/blobs/index.ts'
import { chainsOf } from './ground.ts'
import { type Fault, objectStore, openOddPeer } from './odd-peer.ts'
import { failOutside } from './outside.ts'
import { account, openStoreGround, type StoreGround, whenAway } from './store.ts'

let outside: StoreGround
beforeAll(async () => {
  outside = await openStoreGround()
})
afterAll(() => outside?.close())

/** A store that says yes has said yes, whatever else it says. */
const outages: readonly Fault[] = ['500', 'reset', 'cut off']

describe.each(outages)('when the store’s answer is %s', (fault) => {
  test.each(Object.entries(whenAway))(
    '%s ends in %s, with nothing half done, and goes well when asked again',
    async (name, refusedWith) => {
      const scenario = outside.scenarios.find((one) => one.name === name)
      if (!scenario) return expect.unreachable()
      expect(await failOutside(outside, scenario, fault)).toEqual({ refusedWith, complaints: [] })
    },
  )
})

test('after all of it no organisation’s events have a hole, and the audit log is whole', async () => {
  expect(await chainsOf(outside.ground)).toEqual([])
})

describe('a store that says nothing', () => {
  const patient = { bucket: 'files', region: 'eu-west-1', ...account, patienceMs: 50 }
  const away = { code: 'storage_unavailable' }

  test('is given up, by who writes and by who reads', async () => {
    const silent = await openOddPeer(objectStore())
    silent.fault = 'silence'
    const store = openS3Store({ ...patient, endpoint: silent.url })
    await expect(store.write('100/blobs/a', Buffer.from('a'), { contentType: 'text/plain' })).rejects.toMatchObject(away)
    await expect(store.read('100/blobs/a')).rejects.toMatchObject(away)
    await store.close()
    await silent.close()
  })

  test('is not one whose reader pauses: whoever listens on has all of it', async () => {
    const peer = await openOddPeer(objectStore())
    const bytes = Buffer.alloc(16 * 1024 ** 2, 'sound')
    await fetch(`${peer.url}/files/100/blobs/long`, { method: 'PUT', body: new Uint8Array(bytes) })
    const store = openS3Store({ ...patient, endpoint: peer.url })
    const paused = await store.read('100/blobs/long')
    if (!paused) return expect.unreachable()
    peer.fault = 'silence'
    await expect(store.read('100/blobs/long')).rejects.toMatchObject(away) // so long that one who says nothing is given up, twice
    expect((await buffer(paused.body)).equals(bytes)).toBe(true)
    await store.close()
    await peer.close()
  })
})
