// A house whose files are in an S3 that goes wrong, and who asks it.
import { beyondHttp } from './beyond-http.ts'
import { openGround } from './ground.ts'
import { objectStore, openOddPeer } from './odd-peer.ts'
import type { Outside } from './outside.ts'
import { overHttp, type Scenario } from './scenarios.ts'

export const account = { accessKeyId: 'test', secretAccessKey: 'test' }

export interface StoreGround extends Outside {
  readonly scenarios: readonly Scenario[]
  close(): Promise<void>
}

export async function openStoreGround(): Promise<StoreGround> {
  const peer = await openOddPeer(objectStore())
  const { accessKeyId, secretAccessKey } = account
  const env = { S3_BUCKET: 'files', S3_ENDPOINT: peer.url, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const ground = await openGround({ env })
  const all = [...overHttp(ground.arena), ...beyondHttp(ground.arena)]
  return {
    ground,
    peer,
    guards: ['s3'],
    scenarios: all.filter(({ name }) => name !== 'blobs.linked'), // S3 signs its links itself
    async close() {
      await ground.close()
      await peer.close()
    },
  }
}

/** Everybody who asks the store, and how it ends for them when it is away. */
export const whenAway = {
  'hello.check-all': 503,
  'hello.check-s3': 503,
  'blobs.create': 503,
  'blobs.get': 503,
  'health.get': null,
  'the job recordings.fetch': 'an error',
  'the job voicemail.store': 'an error',
  'the job blobs.collect': 'an error',
  'the job audit.checkpoint': 'an error',
} as const
