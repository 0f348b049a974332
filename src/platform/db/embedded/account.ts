// PostgreSQL refuses to run as root. Decides under which account it runs instead: `postgres`, made when it is
// missing and can be made, else another unprivileged account. An ordinary user runs it as himself (null).
import { readFileSync } from 'node:fs'
import { EmbeddedError } from './error.ts'
import { type Account, run } from './process.ts'

const substitutes = ['postgres', '_postgres', 'patchbay', 'nobody', 'daemon']

export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const known = readAccounts()
  const found = known.get('postgres') ?? (await createAccount())
  if (found) return found
  for (const name of substitutes) {
    const account = known.get(name)
    if (account) return account
  }
  throw new EmbeddedError(
    'PostgreSQL does not run as root, and this machine has no other account. Add one named postgres, or set DATABASE_URL.',
  )
}

async function createAccount(): Promise<Account | null> {
  const ways: [string, string[]][] = [
    ['useradd', ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false', '--user-group', 'postgres']],
    ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', 'postgres']],
  ]
  for (const [program, args] of ways) {
    if ((await run(program, args, null, 10_000)).code === 0) return readAccounts().get('postgres') ?? null
  }
  return null
}

function readAccounts(): Map<string, Account> {
  const accounts = new Map<string, Account>()
  for (const line of readPasswd().split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name && uid && gid && Number(uid) !== 0) accounts.set(name, { name, uid: Number(uid), gid: Number(gid) })
  }
  return accounts
}

function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch (error) {
    throw new EmbeddedError(
      'The list of accounts (/etc/passwd) cannot be read, so none can be found to run PostgreSQL. Set DATABASE_URL.',
      {
        cause: error,
      },
    )
  }
}
