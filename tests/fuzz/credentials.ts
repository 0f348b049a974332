// Who asks: people and machines of two organisations, and those who only pretend.
import type { Dice } from './dice.ts'
import type { Operation } from './document.ts'

/** The server under test as the generator meets it. */
export interface World {
  readonly url: string
  readonly now: number
  /** Bearer tokens and API keys by who has them: admins most, so that handlers are reached. */
  readonly tokens: Readonly<Record<string, string>>
  readonly keys: Readonly<Record<string, string>>
  readonly carrierToken: string
  readonly phoneNumbers: readonly string[]
  /** What the memory begins with: contract, field, values. */
  readonly known: readonly (readonly [string, string, readonly (string | number)[]])[]
  /** Operations that cost the server much for each request, by their work or by the size of their answer. */
  readonly seldom: readonly string[]
  /** Bodies that open a door: by operation id. */
  readonly openers: Readonly<Record<string, readonly object[]>>
  /** Operations whose door closes for everybody when somebody tries it too often with a wrong key. */
  readonly locking: readonly string[]
}

export type Pairs = readonly (readonly [string, string])[]

/** The rightful headers for an operation; of whom, is chance. */
export function credentialsOf(world: World, operation: Operation, dice: Dice): Pairs {
  if (operation.bearer) return [['authorization', `Bearer ${world.tokens[holder(world.tokens, dice)] ?? ''}`]]
  return operation.key ? [['x-api-key', world.keys[holder(world.keys, dice)] ?? '']] : []
}

const holder = (from: Readonly<Record<string, string>>, dice: Dice): string => (dice.chance(0.75) ? 'admin' : dice.pick(Object.keys(from)))

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Tokens and keys that are nobody's. */
export function forged(world: World, operation: Operation, dice: Dice): { note: string; headers: Pairs } {
  if (operation.key) return { note: 'a forged key', headers: [['x-api-key', forgedKey(world, dice)]] }
  const token = world.tokens.admin ?? ''
  const [head = '', claims = '', signature = ''] = token.split('.')
  const plain = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as object
  const far = { ...plain, exp: 9_999_999_999, roles: ['admin'] }
  const choices: readonly (readonly [string, string])[] = [
    ['no token', ''],
    ['noise', dice.pick(['a', 'null', 'a.b.c', '..', '...', 'x'.repeat(7000), '\u00ff\u00fe', '{}'])],
    ['alg none', `${encode({ alg: 'none', typ: 'JWT' })}.${encode(far)}.`],
    ['alg none, kept signature', `${encode({ alg: 'nOnE' })}.${claims}.${signature}`],
    ['HS256 by an empty key', `${encode({ alg: 'HS256' })}.${encode(far)}.${'A'.repeat(43)}`],
    ['other claims', `${head}.${encode(far)}.${signature}`],
    ['a cut signature', `${head}.${claims}.${signature.slice(0, dice.int(40))}`],
    ['a changed signature', `${head}.${claims}.${signature.startsWith('B') ? 'C' : 'B'}${signature.slice(1)}`],
    [
      'an odd kid',
      `${encode({ alg: 'EdDSA', kid: dice.pick(['../../dev/null', "' OR 1=1", '', 'x'.repeat(2000)]) })}.${claims}.${signature}`,
    ],
    ['an embedded key', `${encode({ alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } })}.${claims}.${signature}`],
    ['a crit', `${encode({ alg: 'EdDSA', crit: ['x'], x: 1 })}.${claims}.${signature}`],
    ['no claims', `${head}.${encode({})}.${signature}`],
    ['four parts', `${token}.a`],
    ['an API key', world.keys.admin ?? ''],
  ]
  const [note, value] = dice.pick(choices)
  const header = dice.pick([`Bearer ${value}`, `bearer ${value}`, `Bearer  ${value} x`, `Basic ${value}`])
  return { note, headers: note === 'no token' ? [] : [['authorization', header]] }
}

function forgedKey(world: World, dice: Dice): string {
  const key = world.keys.admin ?? ''
  return dice.pick([
    '',
    ' ',
    'a',
    'x'.repeat(3000),
    key.slice(0, -1),
    `${key}x`,
    key.toUpperCase(),
    "' OR 1=1 --",
    world.tokens.admin ?? '',
    '\u00ff'.repeat(30),
  ])
}
