// Every command, in the order that `patchbay help` shows. A command's file is loaded when it is called.

export interface Command {
  readonly usage: string
  readonly summary: string
  readonly load: () => Promise<{ run: (args: readonly string[]) => Promise<number> }>
}

export const commands: Readonly<Record<string, Command>> = {
  up: { usage: 'up', summary: 'everything in one process, over the embedded defaults', load: () => import('./up.ts') },
  serve: {
    usage: 'serve [--processes N]',
    summary: 'the API alone; any number of these share one database, and one can be several processes behind one port',
    load: () => import('./serve.ts'),
  },
  work: { usage: 'work', summary: 'the jobs alone; any number of these share one database', load: () => import('./work.ts') },
  migrate: { usage: 'migrate', summary: "bring the database's schema up to date", load: () => import('./migrate.ts') },
  doctor: {
    usage: 'doctor [--json]',
    summary: 'check every setting and dependency, and say what is wrong',
    load: () => import('./doctor.ts'),
  },
  call: {
    usage: 'call [+number] ["what you say" …]',
    summary: 'ring a number here and talk to who answers',
    load: () => import('./call.ts'),
  },
  token: {
    usage: 'token [--org 100] [--roles admin] [--user 12345] [--acct UUID] [--claims JSON] [--ttl 1h]',
    summary: 'print an access token of the built-in issuer',
    load: () => import('./token.ts'),
  },
  org: {
    usage: 'org create --name "…" [--domain …] [--timezone …] [--number +1…] | org suspend|resume ID',
    summary: 'a new organisation, with its credentials; or end all of them until it is resumed',
    load: () => import('./org.ts'),
  },
  user: {
    usage: 'user create|list|password|deactivate [--org 100] …',
    summary: 'the people of an organisation',
    load: () => import('./user.ts'),
  },
  apikey: {
    usage: 'apikey create --name … [--org 100] [--scopes a,b] [--expires 30d] | apikey revoke ID',
    summary: "bella's keys",
    load: () => import('./apikey.ts'),
  },
  keys: {
    usage: 'keys rotate [--revoke]',
    summary: 'a new signing key for the built-in issuer; the old one stays until its tokens ran out, or ends at once',
    load: () => import('./keys.ts'),
  },
  secrets: { usage: 'secrets rotate', summary: 'seal everything anew under the present SECRET_KEY', load: () => import('./secrets.ts') },
  audit: {
    usage:
      'audit verify [--org 100] [--json] [--key …] | audit checkpoint | audit key | audit accept --reason "…" | audit prune --before DATE',
    summary: 'check the chain of audit entries against its signed checkpoints',
    load: () => import('./audit.ts'),
  },
  privacy: {
    usage: 'privacy export|erase --contact +44… [--org 100]',
    summary: 'what is held about a person, or their erasure: calls stay, the person goes',
    load: () => import('./privacy.ts'),
  },
  cache: {
    usage: 'cache clear [--type user --id 12345]',
    summary: 'drop cached values in every process',
    load: () => import('./cache.ts'),
  },
  jobs: {
    usage: 'jobs [list|retry ID|remove ID|run NAME] [--state STATE] [--task NAME] [--all] [--json]',
    summary: 'what is queued, running and failed',
    load: () => import('./jobs.ts'),
  },
  export: {
    usage: 'export calls [--format csv|ndjson|parquet] [--from …] [--to …] [--org 100] > file',
    summary: 'stream calls to a file',
    load: () => import('./export.ts'),
  },
  openapi: { usage: 'openapi [NAME] [--write|--check|--aws URL]', summary: 'the OpenAPI documents', load: () => import('./openapi.ts') },
}
