// Every setting, once: the variable, what it may be, what it is otherwise, and who names it. The values, the messages
// and the documentation all come from here.
import { choice, flag, integer, isOrigin, isProxy, limit, list, pem, secret, text, url } from './kinds.ts'

const http = ['http', 'https']
const postgres = ['postgres', 'postgresql']
const publicKeys = ['CERTIFICATE', 'PUBLIC KEY', 'RSA PUBLIC KEY']
const privateKeys = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

const environments = {
  development: 'development',
  dev: 'development',
  local: 'development',
  testing: 'testing',
  test: 'testing',
  production: 'production',
  prod: 'production',
  staging: 'production',
} as const

// Both the names of syslog, which sapien uses, and those of the others.
const logLevels = {
  emergency: 'fatal',
  alert: 'fatal',
  critical: 'fatal',
  fatal: 'fatal',
  error: 'error',
  warning: 'warn',
  warn: 'warn',
  notice: 'info',
  info: 'info',
  debug: 'debug',
  trace: 'trace',
  silent: 'silent',
} as const

export const table = {
  APP_ENV: choice({
    words: environments,
    default: 'development',
    aliases: ['ENVIRONMENT', 'NODE_ENV'],
    from: ['bella', 'trudy', 'gobi'],
    text: 'What this installation is for. `production` makes no demo organisation and insists on `SECRET_KEY`.',
  }),
  HOST: text({ default: '127.0.0.1', from: ['patchbay'], text: 'The address to listen on; `0.0.0.0` for every one.' }),
  PORT: integer({
    default: 8080,
    min: 0,
    max: 65535,
    from: ['gobi'],
    text: 'The port to listen on; 0 picks a free one and `credentials.json` says which.',
  }),
  PROCESSES: integer({
    default: 1,
    min: 1,
    max: 256,
    from: ['patchbay'],
    text: 'How many processes `patchbay serve` answers with. From two on, it replaces those that end, and all of them one by one on SIGHUP.',
  }),
  DRAIN_S: integer({
    default: 5,
    min: 0,
    max: 300,
    from: ['patchbay'],
    text: 'How many seconds idle connections stay open when `patchbay serve` is asked to stop, so that a request on its way is answered.',
  }),
  MAX_WAIT_MS: integer({
    default: 25,
    min: 0,
    max: 10_000,
    from: ['patchbay'],
    text: 'How many milliseconds a request may wait before it is looked at. When more come than can be answered in that time, a part of them is turned away with 503; 0 never turns one away.',
  }),
  PATCHBAY_DATA: text({
    default: './.patchbay',
    from: ['patchbay'],
    text: 'The data folder: embedded database, files, keys, `credentials.json`.',
  }),
  PUBLIC_URL: url({
    protocols: http,
    from: ['patchbay'],
    otherwise: 'the address listened on',
    text: 'The address under which callers and providers reach this server. Providers’ signatures are checked against it.',
  }),
  TRUSTED_PROXIES: list({
    each: isProxy,
    what: 'addresses, CIDR ranges, loopback, linklocal or uniquelocal',
    default: [],
    from: ['sapien'],
    text: 'The proxies whose `X-Forwarded-*` headers are believed.',
  }),
  TLS_CERT: pem({
    labels: ['CERTIFICATE'],
    from: ['patchbay'],
    text: 'The certificate chain, to serve HTTPS (TLS 1.2 and later). Needs `TLS_KEY`.',
  }),
  TLS_KEY: pem({ labels: privateKeys, secret: true, from: ['patchbay'], text: 'The private key of `TLS_CERT`.' }),
  UNENCRYPTED_NETWORK: flag({
    default: false,
    from: ['patchbay'],
    text: 'On: in production too, PostgreSQL, Redis, Memcached, S3 and other servers may be on other machines without TLS, because the network between them is yours alone.',
  }),
  LOG_LEVEL: choice({
    words: logLevels,
    default: 'info',
    from: ['sapien', 'trudy', 'sei'],
    text: 'The least important line that is logged. Names of syslog (`warning`, `notice`) and capitals are taken too.',
  }),
  DEBUG: flag({ default: false, from: ['trudy', 'sei'], text: 'On: `LOG_LEVEL` is `debug`, whatever it says.' }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url({
    protocols: http,
    from: ['patchbay'],
    text: 'An OpenTelemetry collector for traces (OTLP over HTTP). Without it, none are made.',
  }),

  DATABASE_URL: url({
    protocols: postgres,
    aliases: ['POSTGRES_URL', 'TIMESCALE_URL'],
    secret: true,
    hint: 'Patchbay keeps everything in PostgreSQL',
    otherwise: 'an embedded PostgreSQL in the data folder',
    from: ['sapien', 'gobi', 'sei'],
    text: 'The PostgreSQL server (15 or later), as a role that may create roles and schemas.',
  }),
  DATABASE_LANES: integer({
    min: 1,
    max: 64,
    otherwise: 'as many as processors, from 2 to 4',
    from: ['patchbay'],
    text: 'Connections that share all reads.',
  }),
  DATABASE_WRITERS: integer({
    default: 16,
    min: 1,
    max: 500,
    from: ['patchbay'],
    text: 'The most connections that change something at one time.',
  }),
  OPERATOR_ORGANIZATION: integer({
    default: 100,
    min: 1,
    max: 9_007_199_254_740_991,
    from: ['patchbay'],
    text: 'The id of the organization that runs this installation: its admins may open and reset the circuit breakers, which all organizations share.',
  }),
  REDIS_URL: url({
    protocols: ['redis', 'rediss'],
    secret: true,
    otherwise: 'this process’s memory',
    from: ['sei'],
    text: 'Redis or Valkey, for limits and caches that several processes share.',
  }),
  REDIS_HOST: text({ from: ['sapien'], text: 'The same by host, where `REDIS_URL` is not set.' }),
  REDIS_PORT: integer({ default: 6379, min: 1, max: 65535, from: ['sapien'], text: 'The port at `REDIS_HOST`.' }),
  MEMCACHED_HOST: text({
    otherwise: 'this process’s memory',
    from: ['sapien'],
    text: 'Memcached, for the caches of users and organisations.',
  }),
  MEMCACHED_PORT: integer({ default: 11211, min: 1, max: 65535, from: ['sapien'], text: 'The port at `MEMCACHED_HOST`.' }),
  S3_BUCKET: text({
    aliases: ['S3_BUCKET_UPLOADS'],
    otherwise: 'files in the data folder',
    from: ['sapien', 'trudy'],
    text: 'The bucket for recordings and other files.',
  }),
  S3_REGION: text({ default: 'eu-west-1', aliases: ['AWS_REGION'], from: ['sapien', 'trudy'], text: 'The region of the bucket.' }),
  S3_ENDPOINT: url({ protocols: http, otherwise: 'AWS', from: ['patchbay'], text: 'An S3 server other than AWS’s.' }),
  AWS_ACCESS_KEY_ID: text({
    otherwise: 'the AWS SDK’s own search',
    from: ['trudy'],
    text: 'The access key for the bucket. Needs `AWS_SECRET_ACCESS_KEY`.',
  }),
  AWS_SECRET_ACCESS_KEY: secret({ from: ['trudy'], text: 'Its secret.' }),
  MAX_BODY_BYTES: integer({
    default: 1_048_576,
    min: 1024,
    max: 1_073_741_824,
    from: ['patchbay'],
    text: 'The largest request body, uploads aside.',
  }),
  BODY_TIMEOUT_S: integer({
    default: 30,
    min: 1,
    max: 3600,
    from: ['patchbay'],
    text: 'How many seconds a request body may take to arrive; of an upload, how long it may stand still.',
  }),
  MAX_BLOB_BYTES: integer({
    default: 5_368_709_120,
    min: 1024,
    max: 5_497_558_138_880,
    from: ['patchbay'],
    text: 'The largest file that may be uploaded or recorded.',
  }),
  MALWARE_SCANNER: url({
    protocols: ['clamd'],
    orPath: true,
    otherwise: 'files are not searched',
    from: ['patchbay'],
    text: 'ClamAV’s clamd, which every uploaded file is shown before it is kept: `clamd://host:3310`, or `clamd:///run/clamav/clamd.ctl` for its socket.',
  }),
  MALWARE_SCANNER_TIMEOUT_S: integer({
    default: 150,
    min: 1,
    max: 3600,
    from: ['patchbay'],
    text: 'How many seconds it may take over one file; then the upload is refused with 503.',
  }),
  EVENT_STREAMS_PER_CALLER: integer({
    default: 1_000,
    min: 1,
    max: 1_000_000,
    from: ['patchbay'],
    text: 'How many event streams one user or client may hold open at once, in one process.',
  }),
  EVENT_STREAMS_PER_ORGANIZATION: integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    from: ['patchbay'],
    text: 'How many event streams one organization may hold open at once, in one process.',
  }),

  SECRET_KEY: secret({
    minLength: 16,
    otherwise: 'made once and kept in the data folder as `secret.key`; required in production, with at least 32 characters',
    from: ['sei'],
    text: 'The key that seals stored secrets and signs links.',
  }),
  SECRET_KEY_PREVIOUS: list({
    default: [],
    each: (key) => key.length >= 16,
    what: 'keys of at least 16 characters',
    secret: true,
    from: ['patchbay'],
    text: 'Earlier keys: what was sealed under them opens until `patchbay secrets rotate` has run.',
  }),
  ACCESS_TOKEN_EXPIRE_MINUTES: integer({
    default: 30,
    min: 1,
    max: 1440,
    from: ['sei'],
    text: 'How long a token from `/api/v1/auth/login` is valid.',
  }),
  PASSWORD_SIGN_IN: flag({
    default: true,
    from: ['patchbay'],
    text: 'Off: nobody signs in here with a password, and people come with tokens of another issuer alone, which can ask for a second factor.',
  }),
  JWT_PUBLIC_KEY: pem({
    labels: publicKeys,
    from: ['gobi'],
    text: 'The certificate or public key of an issuer whose RS256 tokens are taken beside the built-in ones.',
  }),
  JWT_ISSUER: text({ otherwise: 'any', from: ['trudy'], text: 'The `iss` that such tokens must carry.' }),
  JWT_AUDIENCE: text({ otherwise: 'any', from: ['trudy'], text: 'The `aud` that such tokens must carry.' }),
  AUTH0_DOMAIN: text({ from: ['sapien'], text: 'An Auth0 tenant whose tokens are taken. Needs `AUTH0_AUDIENCE`.' }),
  AUTH0_AUDIENCE: text({ from: ['sapien'], text: 'The `aud` of its tokens.' }),
  AUTH0_CLIENT_ID: text({ from: ['sapien'], text: 'With `AUTH0_CLIENT_SECRET`: the application that `/oauth/token` may stand in for.' }),
  AUTH0_CLIENT_SECRET: secret({ from: ['sapien'], text: 'Its secret.' }),
  AUTH0_BASE_URL: url({
    protocols: http,
    otherwise: '`https://AUTH0_DOMAIN/`',
    from: ['patchbay'],
    text: 'Where the tenant’s keys are fetched, when not from its domain; by https://, except on this machine.',
  }),

  CORS_ALLOW_ORIGIN: list({
    default: ['*'],
    each: isOrigin,
    what: 'origins (https://example.com) or *',
    aliases: ['CORS_ORIGIN', 'CORS_ORIGINS'],
    from: ['sapien', 'gobi', 'sei'],
    text: 'The origins whose pages may call.',
  }),
  CORS_MAX_AGE: integer({
    default: 3600,
    min: 0,
    max: 86_400,
    from: ['patchbay'],
    text: 'Seconds for which a browser may keep that answer.',
  }),
  LIMIT_SAPIEN: limit({ name: 'sapien', default: '100/s;burst=200', from: ['sapien'], text: 'Requests per credential.' }),
  LIMIT_TRUDY: limit({ name: 'trudy', default: '600/min', from: ['trudy'], text: 'Requests per credential.' }),
  LIMIT_GOBI: limit({ name: 'gobi', default: '600/min', from: ['gobi'], text: 'Requests per credential.' }),
  LIMIT_SEI: limit({ name: 'sei', default: '1000/h', from: ['sei'], text: 'Requests per credential.' }),
  LIMIT_SEI_ANONYMOUS: limit({
    name: 'sei-anonymous',
    default: '100/h',
    from: ['sei'],
    text: 'Requests per address, without a credential.',
  }),
  LIMIT_BELLA: limit({ name: 'bella', default: '1000/h', from: ['bella'], text: 'Requests per key.' }),

  PATCHBAY_SANDBOX: choice({
    words: { auto: 'auto', on: 'on', off: 'off' },
    default: 'auto',
    from: ['patchbay'],
    text: 'The outside world in a box. `auto`: when no Twilio account is set and this is not production.',
  }),
  TWILIO_ACCOUNT_SID: text({ otherwise: 'the sandbox’s', from: ['gobi'], text: 'The Twilio account. Needs `TWILIO_AUTH_TOKEN`.' }),
  TWILIO_AUTH_TOKEN: secret({ from: ['gobi'], text: 'Its token; Twilio’s signatures are checked with it.' }),
  TWILIO_BASE_URL: url({ protocols: http, otherwise: 'Twilio', from: ['patchbay'], text: 'Another server that speaks Twilio’s API.' }),
  TWILIO_SIGNATURE_CHECK: flag({ default: true, from: ['patchbay'], text: 'Off takes unsigned webhooks; never in production.' }),
  OPENAI_API_KEY: secret({
    otherwise: 'the built-in understanding',
    from: ['patchbay'],
    text: 'For a language model that understands callers, and for transcription.',
  }),
  OPENAI_BASE_URL: url({ protocols: http, otherwise: 'OpenAI', from: ['patchbay'], text: 'Another server that speaks OpenAI’s API.' }),
  OPENAI_MODEL: text({ default: 'gpt-4o-mini', from: ['patchbay'], text: 'The model that understands callers.' }),
  OPENAI_TRANSCRIPTION_MODEL: text({ default: 'whisper-1', from: ['patchbay'], text: 'The model that transcribes.' }),
  DGAPI_URL: url({ protocols: http, from: ['sapien'], text: 'An upstream Data Gateway API, watched by `/v1/hello/dgapi`.' }),
  COREAPI_URL: url({ protocols: http, from: ['sapien'], text: 'An upstream Platform-API, watched by `/v1/hello/coreapi`.' }),
  UPSTREAM_ROUTES: list({
    default: [],
    each: (item) => /^\/[^=\s]*=(dgapi|coreapi)$/.test(item),
    what: 'routes like /v1/reports=coreapi',
    unused: true,
    from: ['patchbay'],
    text: 'Paths to pass on to an upstream.',
  }),

  ULTRAVOX_API_KEY: secret({ unused: true, from: ['trudy'], text: 'Ultravox.' }),
  ULTRAVOX_BASE_URL: url({
    protocols: http,
    unused: true,
    otherwise: 'Ultravox',
    from: ['trudy'],
    text: 'Another server that speaks Ultravox’s API.',
  }),
  ULTRAVOX_WEBHOOK_SECRET: secret({ unused: true, from: ['trudy'], text: 'Its webhooks’ signatures.' }),
  STRIPE_SECRET_KEY: secret({ unused: true, from: ['trudy'], text: 'Stripe.' }),
  STRIPE_WEBHOOK_SECRET: secret({ unused: true, from: ['trudy'], text: 'Its events’ signatures.' }),
  TELNYX_API_KEY: secret({ unused: true, from: ['trudy'], text: 'Telnyx.' }),
  TELNYX_WEBHOOK_SECRET: secret({ unused: true, from: ['trudy'], text: 'Its webhooks’ public key.' }),
  WEBHOOK_SIGNING_SECRET: secret({
    unused: true,
    from: ['trudy'],
    text: 'Signs the webhooks sent to organisations that have set no secret.',
  }),
  S3_BUCKET_RECORDINGS: text({ unused: true, otherwise: '`S3_BUCKET`', from: ['trudy'], text: 'A bucket of their own for recordings.' }),
}

export type Table = typeof table
export type Variable = keyof Table
export type Values = { readonly [V in Variable]: ReturnType<Table[V]['parse']> }

/** Variables that a seed names and that mean nothing here, with the reason. */
export const withoutMeaning: Readonly<Record<string, string>> = {
  SUPABASE_URL: 'the database is PostgreSQL itself (`DATABASE_URL`)',
  SUPABASE_KEY: 'as above',
  SUPABASE_SERVICE_KEY: 'as above',
  SENTRY_DSN: 'errors are in the log and in traces (`OTEL_EXPORTER_OTLP_ENDPOINT`), which Sentry takes too',
  SQLALCHEMY_ECHO: '`LOG_LEVEL=debug`',
}
