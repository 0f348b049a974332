// What is elsewhere: each configured service is asked something real, by the code that serves requests.
import { openBlobs } from '../../platform/blobs/index.ts'
import { memoryAccord, openCaches } from '../../platform/cache/index.ts'
import type { Settings } from '../../platform/config/index.ts'
import { openGuards } from '../../platform/resilience/index.ts'
import { openVault } from '../../platform/secrets/index.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { systemClock } from '../../platform/time/index.ts'
import { openOpenAi } from '../../providers/openai/index.ts'
import { openTwilio } from '../../providers/twilio/index.ts'
import { type Finding, look, off } from './finding.ts'

/** A look changes nothing that other processes would have to hear of. */
const noBus = { publish: async () => {}, subscribe: () => () => {} }
const log = createLogger({ level: 'silent' })

export async function lookOutside(settings: Settings): Promise<Finding[]> {
  const guards = openGuards({ bus: noBus, clock: systemClock, log })
  try {
    return await Promise.all([
      ...tiers(settings),
      files(settings),
      twilio(settings, guards),
      openai(settings, guards),
      upstream('DGAPI', settings.dgapiUrl),
      upstream('CoreAPI', settings.coreapiUrl),
    ])
  } finally {
    await guards.close()
  }
}

function tiers({ redis, memcached }: Settings): Promise<Finding>[] {
  const check = async (tier: 'redis' | 'memcached', words: string): Promise<string> => {
    const caches = openCaches({ redis, memcached, accord: memoryAccord().join(), clock: systemClock, log })
    try {
      await caches.check(tier)
      return words
    } finally {
      await caches.close()
    }
  }
  return [
    redis
      ? look('Redis', 'Check REDIS_URL. Without it caches and limits are this process’s own.', () =>
          check('redis', new URL(redis.url).host),
        )
      : Promise.resolve(off('Redis', 'not configured: process memory serves')),
    memcached
      ? look('Memcached', 'Check MEMCACHED_HOST and MEMCACHED_PORT.', () => check('memcached', `${memcached.host}:${memcached.port}`))
      : Promise.resolve(off('Memcached', 'not configured: process memory serves')),
  ]
}

function files(settings: Settings): Promise<Finding> {
  const { s3, dataFolder } = settings
  const advice = s3
    ? 'Check S3_BUCKET, S3_REGION, S3_ENDPOINT and the AWS keys; the user needs to get, put and delete objects.'
    : 'Check the rights on the folder blobs in the data folder.'
  return look('files', advice, async () => {
    const vault = openVault({ key: settings.secretKey, previous: settings.secretKeyPrevious })
    const store = openBlobs({ settings, vault, clock: systemClock, baseUrl: () => '' })
    await store.check()
    return s3 ? `S3 bucket ${s3.bucket}` : `${dataFolder}/blobs`
  })
}

type Guards = ReturnType<typeof openGuards>

async function twilio({ twilio: { accountSid, authToken, baseUrl } }: Settings, guards: Guards): Promise<Finding> {
  if (!accountSid || !authToken) return off('Twilio', 'not configured: the sandbox serves')
  return look('Twilio', 'Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN in Twilio’s console.', async () => {
    const client = openTwilio({ accountSid, authToken, baseUrl }, guards)
    const account = await client.call((sdk) => sdk.api.v2010.accounts(accountSid).fetch(), { idempotent: false })
    if (account.status !== 'active') throw new Error(`the account is ${account.status}`)
    return `account ${account.friendlyName}`
  })
}

async function openai({ openai: settings }: Settings, guards: Guards): Promise<Finding> {
  if (!settings) return off('OpenAI', 'not configured: the built-in understanding serves')
  return look(
    'OpenAI',
    'Check OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL. Until then the built-in understanding serves.',
    async () => {
      const client = openOpenAi(settings, guards)
      const known = await client.call(async (sdk, signal) => (await sdk.models.list({ signal })).data.map(({ id }) => id))
      if (known.length > 0 && !known.includes(settings.model)) throw new Error(`it does not offer the model ${settings.model}`)
      return `model ${settings.model}`
    },
  )
}

async function upstream(name: string, url: string | undefined): Promise<Finding> {
  if (!url) return off(name, 'not configured')
  return look(name, `Check ${name.toUpperCase()}_URL, and that the service runs there.`, async () => {
    const { status } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(5_000) })
    if (status >= 500) throw new Error(`it answers ${status}`)
    return `answers ${status}`
  })
}
