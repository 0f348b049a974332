import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { anyText } from '../../../tests/support/text.ts'
import { describeSettings, loadSettings, readEnvironment, renderSettings, SettingsError } from './index.ts'
import { usualLanes } from './load.ts'
import { table, withoutMeaning } from './table.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const load = (environment: Record<string, string> = {}) => loadSettings({ PATCHBAY_DATA: folder, ...environment })

function problemsOf(environment: Record<string, string>) {
  try {
    load(environment)
  } catch (error) {
    if (error instanceof SettingsError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'

describe('settings', () => {
  test('nothing need be set', () => {
    const settings = load()
    expect(settings).toMatchObject({
      env: 'development',
      host: '127.0.0.1',
      port: 8080,
      dataFolder: folder,
      sandbox: 'auto',
      accessTokenMinutes: 30,
      passwordSignIn: true,
    })
    expect(settings.database.url).toBeUndefined()
    expect(settings.limits.sapien).toEqual({ name: 'sapien', limit: 100, periodS: 1, burst: 200 })
    expect(settings.limits.sei).toMatchObject({ limit: 1000, periodS: 3600 })
  })

  test('reads share as many connections as the machine has processors, from two to four', () => {
    expect([1, 2, 3, 4, 64].map(usualLanes)).toEqual([2, 2, 3, 4, 4])
    expect(load().database.lanes).toBe(usualLanes(availableParallelism()))
    expect(load({ DATABASE_LANES: '9' }).database.lanes).toBe(9)
  })

  test('cannot be changed afterwards', () => {
    const settings = load()
    expect(() => Object.assign(settings.log, { level: 'silent' })).toThrow(TypeError)
    expect(() => Object.assign(settings.limits.sapien, { limit: 1 })).toThrow(TypeError)
  })

  test('every problem is reported at once, by the name that was written', () => {
    const { problems, message } = problemsOf({
      PORT: '99999',
      LIMIT_BELLA: 'many',
      CORS_ORIGINS: 'not an origin',
      TRUSTED_PROXIES: '10.0.0.0/99',
      DEBUG: 'maybe',
    })
    expect(problems.map(({ variable }) => variable).sort()).toEqual(['CORS_ORIGINS', 'DEBUG', 'LIMIT_BELLA', 'PORT', 'TRUSTED_PROXIES'])
    expect(message).toContain('5 settings are wrong')
    expect(message).toContain('PORT=99999 must be a whole number between 0 and 65535')
  })

  test('no secret is ever in a message, whatever is wrong with it', () => {
    const secrets = Object.entries(table).filter(([, field]) => field.secret)
    fc.assert(
      fc.property(fc.constantFrom(...secrets), fc.stringMatching(/^zq[a-z0-9]{6,12}$/), ([variable, field], value) => {
        const environment = { PATCHBAY_DATA: folder, PORT: 'wrong', APP_ENV: 'production', [variable]: value }
        expect(field.secret).toBe(true)
        expect(() => loadSettings(environment)).toThrow(SettingsError)
        try {
          loadSettings(environment)
        } catch (error) {
          expect(String(error)).not.toContain(value)
          expect(JSON.stringify(error)).not.toContain(value)
        }
      }),
    )
  })

  test('no text in any variable is more than a problem', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(table).filter((name) => name !== 'PATCHBAY_DATA')), anyText(), (variable, value) => {
        try {
          load({ [variable]: value })
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError)
        }
      }),
    )
  })

  test('an empty variable is one that is not set', () => {
    expect(load({ PORT: '', DATABASE_URL: ' ', LOG_LEVEL: '' })).toEqual(load())
  })

  test.each([
    [{ NODE_ENV: 'test' }, 'testing'],
    [{ ENVIRONMENT: 'dev', NODE_ENV: 'production' }, 'development'],
    [{ APP_ENV: 'testing', ENVIRONMENT: 'production' }, 'testing'],
  ])('%o means %s', (environment, env) => {
    expect(load(environment).env).toBe(env)
  })

  test.each([
    ['WARNING', 'warn'],
    ['notice', 'info'],
    ['INFO', 'info'],
  ])('the log level %s is %s, and DEBUG wins over it', (given, level) => {
    expect(load({ LOG_LEVEL: given }).log.level).toBe(level)
    expect(load({ LOG_LEVEL: given, DEBUG: 'true' }).log.level).toBe('debug')
  })

  test('a MySQL server is refused by name, and its password is not shown', () => {
    const { message } = problemsOf({ DATABASE_URL: 'mysql://sapien:hunter2@mysql:3306/sapien' })
    expect(message).toContain('Patchbay keeps everything in PostgreSQL')
    expect(message).not.toContain('hunter2')
  })

  test('the seeds’ other names mean the same', () => {
    expect(load({ POSTGRES_URL: 'postgresql://u@h/d' }).database.url).toBe('postgresql://u@h/d')
    expect(load({ REDIS_HOST: 'redis' }).redis).toEqual({ url: 'redis://redis:6379' })
    expect(load({ REDIS_HOST: 'redis', REDIS_URL: 'redis://other:1/2' }).redis).toEqual({ url: 'redis://other:1/2' })
    expect(load({ CORS_ORIGIN: 'https://a.example, https://b.example/' }).cors.origins).toEqual(['https://a.example', 'https://b.example'])
    expect(load({ S3_BUCKET: 'b', AWS_REGION: 'us-east-1' }).s3).toMatchObject({ bucket: 'b', region: 'us-east-1' })
  })

  test.each([
    [{ TLS_CERT: certificate }, 'TLS_KEY'],
    [{ AUTH0_DOMAIN: 'tenant.example' }, 'AUTH0_AUDIENCE'],
    [{ AUTH0_DOMAIN: 'https://tenant.example', AUTH0_AUDIENCE: 'x' }, 'AUTH0_DOMAIN'],
    [{ AUTH0_DOMAIN: 'tenant.example/@attacker.example', AUTH0_AUDIENCE: 'x' }, 'AUTH0_DOMAIN'],
    [{ AUTH0_BASE_URL: 'http://keys.example/' }, 'AUTH0_BASE_URL'],
    [{ AUTH0_BASE_URL: 'http://127.0.0.1.attacker.example/' }, 'AUTH0_BASE_URL'],
    [{ AUTH0_BASE_URL: 'http://localhost@attacker.example/' }, 'AUTH0_BASE_URL'],
    [{ AWS_ACCESS_KEY_ID: 'AK' }, 'AWS_SECRET_ACCESS_KEY'],
    [{ TWILIO_ACCOUNT_SID: 'AC1' }, 'TWILIO_AUTH_TOKEN'],
    [{ UPSTREAM_ROUTES: '/v1/x=dgapi' }, 'UPSTREAM_ROUTES'],
  ])('half a pair (%o) is refused', (environment, variable) => {
    expect(problemsOf(environment as Record<string, string>).problems.map((problem) => problem.variable)).toEqual([variable])
  })

  test('a key may be PEM text, PEM text on one line, or a file', () => {
    writeFileSync(join(folder, 'key.pem'), `${certificate}\n`)
    const expected = `${certificate}\n`
    expect(load({ JWT_PUBLIC_KEY: certificate }).jwt.publicKey).toBe(expected)
    expect(load({ JWT_PUBLIC_KEY: certificate.replaceAll('\n', '\\n') }).jwt.publicKey).toBe(expected)
    expect(load({ JWT_PUBLIC_KEY: join(folder, 'key.pem') }).jwt.publicKey).toBe(expected)
    expect(problemsOf({ JWT_PUBLIC_KEY: '/nowhere.pem' }).message).toContain('a file that exists')
    expect(problemsOf({ JWT_PUBLIC_KEY: folder }).message).toContain('cannot be read')
    expect(problemsOf({ JWT_PUBLIC_KEY: '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----' }).message).toContain('must hold')
  })
})

describe('the secret key', () => {
  test('is made once, for its owner alone, and stays', () => {
    const first = load().secretKey
    expect(first.length).toBeGreaterThanOrEqual(32)
    expect(load().secretKey).toBe(first)
    expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
  })

  test('that was lost from its file is not replaced in silence', () => {
    writeFileSync(join(folder, 'secret.key'), '')
    expect(problemsOf({}).message).toContain('holds no key')
  })

  test('must be given in production, and be long', () => {
    expect(problemsOf({ APP_ENV: 'production' }).message).toContain('SECRET_KEY must be set in production')
    expect(problemsOf({ APP_ENV: 'production', SECRET_KEY: 'x'.repeat(31) }).message).toContain('at least 32 characters')
    expect(load({ APP_ENV: 'production', SECRET_KEY: 'x'.repeat(32) }).secretKey).toBe('x'.repeat(32))
  })

  test('signatures may go unchecked in development and never in production', () => {
    expect(load({ TWILIO_SIGNATURE_CHECK: 'off' }).twilio.signatureCheck).toBe(false)
    const { problems } = problemsOf({ TWILIO_SIGNATURE_CHECK: 'off', APP_ENV: 'production', SECRET_KEY: 'x'.repeat(32) })
    expect(problems.map(({ variable }) => variable)).toEqual(['TWILIO_SIGNATURE_CHECK'])
  })
})

describe('in production, another machine', () => {
  const production = { APP_ENV: 'production', SECRET_KEY: 'x'.repeat(32) }
  const plain: readonly (readonly [string, string])[] = [
    ['DATABASE_URL', 'postgres://u:p@db.internal/patchbay'],
    ['DATABASE_URL', 'postgres://u:p@10.0.0.5/patchbay?sslmode=disable'],
    ['DATABASE_URL', 'postgres://u:p@db.internal/patchbay?sslmode=prefer'],
    ['DATABASE_URL', 'postgres://u:p@db.internal/patchbay?sslmode=no-verify'],
    ['DATABASE_URL', 'postgres://u:p@db.internal/patchbay?uselibpqcompat=true&sslmode=require'],
    ['DATABASE_URL', 'postgres://u:p@127.0.0.1/patchbay?host=db.internal'],
    ['DATABASE_URL', 'postgres://u:p@127.0.0.1/patchbay?host=127.0.0.1&host=db.internal'],
    ['DATABASE_URL', 'postgres://u:p@db.internal/patchbay?sslmode=verify-full&sslmode=disable'],
    ['REDIS_URL', 'redis://:secret@redis:6379'],
    ['REDIS_HOST', 'redis'],
    ['MEMCACHED_HOST', 'memcached'],
    ['MALWARE_SCANNER', 'clamd://scan.internal:3310'],
    ['MALWARE_SCANNER', 'clamd://[::2]'],
    ['S3_ENDPOINT', 'http://s3:8333'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4318'],
    ['TWILIO_BASE_URL', 'http://127.0.0.1.example.com'],
    ['OPENAI_BASE_URL', 'http://models.internal/v1'],
    ['ULTRAVOX_BASE_URL', 'http://voice.internal'],
    ['DGAPI_URL', 'http://dgapi.internal'],
    ['COREAPI_URL', 'http://[::2]'],
  ]
  test.each(plain)('is not spoken to without TLS (%s=%s), unless the network is said to be one’s own', (variable, value) => {
    const { message, problems } = problemsOf({ ...production, [variable]: value })
    expect(problems.map(({ variable: named }) => named)).toEqual([variable])
    expect(message).toContain('UNENCRYPTED_NETWORK=on')
    expect(message).not.toMatch(/u:p|secret/)
    expect(load({ ...production, [variable]: value, UNENCRYPTED_NETWORK: 'on' }).env).toBe('production')
    expect(load({ [variable]: value }).env).toBe('development')
  })

  const fine: readonly Readonly<Record<string, string>>[] = [
    { DATABASE_URL: 'postgres://u:p@db.internal/patchbay?sslmode=verify-full' },
    { DATABASE_URL: 'postgres://u:p@db.internal/patchbay?sslmode=require' },
    { DATABASE_URL: 'postgres://u:p@127.0.0.1:5433/patchbay' },
    { DATABASE_URL: 'postgres://u:p@localhost/patchbay?host=/var/run/postgresql' },
    { REDIS_URL: 'rediss://redis:6380', REDIS_HOST: 'redis' },
    { REDIS_URL: 'redis://[::1]:6379', MEMCACHED_HOST: '127.0.0.1' },
    { MALWARE_SCANNER: 'clamd://127.0.0.1:3310' },
    { MALWARE_SCANNER: 'clamd:///run/clamav/clamd.ctl' },
    { S3_ENDPOINT: 'https://s3.internal', TWILIO_BASE_URL: 'http://localhost:4010' },
    { PUBLIC_URL: 'http://phones.example.com' }, // our own: a proxy there may serve it
  ]
  test.each(fine)('is spoken to with TLS, and this one as one likes (%o)', (environment) => {
    expect(load({ ...production, ...environment }).env).toBe('production')
  })
})

describe('the documentation of the settings', () => {
  test('is what the table says: docs/settings.md is current (npm run docs)', () => {
    expect(readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8')).toBe(renderSettings())
  })

  test('names every variable of the five seeds, or says why it means nothing here', () => {
    const seeds = `DATABASE_URL DGAPI_URL COREAPI_URL AUTH0_DOMAIN AUTH0_CLIENT_ID AUTH0_CLIENT_SECRET AUTH0_AUDIENCE S3_BUCKET S3_REGION MEMCACHED_HOST
      MEMCACHED_PORT REDIS_HOST REDIS_PORT LOG_LEVEL TRUSTED_PROXIES CORS_ALLOW_ORIGIN ENVIRONMENT DEBUG SUPABASE_URL SUPABASE_KEY SUPABASE_SERVICE_KEY
      JWT_AUDIENCE JWT_ISSUER AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY S3_BUCKET_UPLOADS S3_BUCKET_RECORDINGS ULTRAVOX_API_KEY ULTRAVOX_BASE_URL
      STRIPE_SECRET_KEY TELNYX_API_KEY ULTRAVOX_WEBHOOK_SECRET STRIPE_WEBHOOK_SECRET TELNYX_WEBHOOK_SECRET WEBHOOK_SIGNING_SECRET SENTRY_DSN JWT_PUBLIC_KEY
      TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN PORT NODE_ENV CORS_ORIGIN TIMESCALE_URL POSTGRES_URL REDIS_URL CORS_ORIGINS SECRET_KEY
      ACCESS_TOKEN_EXPIRE_MINUTES APP_ENV SQLALCHEMY_ECHO`
    const known = new Set([
      ...describeSettings().flatMap(({ variable, aliases }) => [variable, ...aliases]),
      ...Object.keys(withoutMeaning),
    ])
    expect(seeds.split(/\s+/).filter((variable) => !known.has(variable))).toEqual([])
  })
})

test('the environment is stronger than the file .env', () => {
  writeFileSync(join(folder, '.env'), 'ONLY_IN_FILE="two words"\nPATH=weaker\n')
  const environment = readEnvironment(folder)
  expect(environment.ONLY_IN_FILE).toBe('two words')
  expect(environment.PATH).not.toBe('weaker')
})
