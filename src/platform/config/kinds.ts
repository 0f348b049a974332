// The kinds of value that a setting can have: how each is read from text, and what is said when it cannot be.
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { type LimitRule, parseLimit } from '../limits/index.ts'

/** A seed that names the variable, or patchbay itself. */
export type Origin = 'patchbay' | 'sapien' | 'trudy' | 'gobi' | 'sei' | 'bella'

export interface About {
  readonly text: string
  readonly from: readonly Origin[]
  /** Other names for the same setting, weaker than its own. */
  readonly aliases?: readonly string[]
  /** What stands in the documentation when the default is not a plain value. */
  readonly otherwise?: string
  /** The setting is read and checked, and nothing uses it yet. */
  readonly unused?: true
}

export interface Field<T> extends About {
  readonly type: string
  readonly secret: boolean
  readonly default?: unknown
  /** @throws Unfit */
  parse(text: string): T
}

/** What is wrong with a value, completing "PORT …". */
export class Unfit extends Error {}

const unfit = (what: string): never => {
  throw new Unfit(what)
}

type WithDefault<T, D extends T | undefined> = About & { readonly default?: D }

function field<T, D extends T | undefined>(
  type: string,
  about: WithDefault<T, D>,
  parse: (text: string) => T,
  secret = false,
): Field<T | D> {
  return { ...about, type, secret, parse }
}

export const text = <D extends string | undefined = undefined>(about: WithDefault<string, D>) =>
  field<string, D>('text', about, (given) => given)

export const secret = (about: About & { readonly minLength?: number }) =>
  field<string, undefined>(
    'secret',
    about,
    (given) => (given.length < (about.minLength ?? 1) ? unfit(`must have at least ${about.minLength} characters`) : given),
    true,
  )

export const integer = <D extends number | undefined = undefined>(
  about: WithDefault<number, D> & { readonly min: number; readonly max: number },
) =>
  field<number, D>('whole number', about, (given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
    return value >= about.min && value <= about.max ? value : unfit(`must be a whole number between ${about.min} and ${about.max}`)
  })

const flags: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  '1': true,
  off: false,
  false: false,
  no: false,
  '0': false,
}

export const flag = <D extends boolean | undefined = undefined>(about: WithDefault<boolean, D>) =>
  field<boolean, D>('on or off', about, (given) => flags[given.toLowerCase()] ?? unfit('must be on or off'))

/** One of some words; `words` maps what may be written to what it means. */
export const choice = <V extends string, D extends V | undefined = undefined>(
  about: WithDefault<V, D> & { readonly words: Readonly<Record<string, V>> },
) =>
  field<V, D>([...new Set(Object.values(about.words))].map((word) => `\`${word}\``).join(' '), about, (given) => {
    const word = given.toLowerCase()
    const value = Object.hasOwn(about.words, word) ? about.words[word] : undefined
    return value ?? unfit(`must be one of ${Object.keys(about.words).join(', ')}`)
  })

interface UrlAbout extends About {
  readonly protocols: readonly string[]
  readonly hint?: string
  readonly secret?: true
  /** The path of a socket on this machine may stand in place of a host. */
  readonly orPath?: true
}

export const url = (about: UrlAbout) =>
  field<string, undefined>(
    'URL',
    about,
    (given) => {
      const parsed = URL.canParse(given) ? new URL(given) : unfit('must be a URL')
      const protocol = parsed.protocol.slice(0, -1)
      if (!about.protocols.includes(protocol))
        unfit(`must begin with ${about.protocols.map((one) => `${one}://`).join(' or ')}${about.hint ? `; ${about.hint}` : ''}`)
      if (!parsed.hostname && !(about.orPath && parsed.pathname.length > 1))
        unfit(about.orPath ? 'must name a host or a socket' : 'must name a host')
      return given
    },
    about.secret ?? false,
  )

export const list = <D extends readonly string[] | undefined = undefined>(
  about: WithDefault<readonly string[], D> & { readonly each?: (item: string) => boolean; readonly what?: string; readonly secret?: true },
) =>
  field<readonly string[], D>(
    'list, by commas',
    about,
    (given) => {
      const items = given
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
      const odd = items.find((item) => about.each && !about.each(item))
      return odd === undefined
        ? items
        : unfit(about.secret ? `must be a list of ${about.what}` : `must be a list of ${about.what}, which ${odd} is not`)
    },
    about.secret ?? false,
  )

export const limit = (about: About & { readonly name: string; readonly default: string }): Field<LimitRule> => ({
  ...about,
  type: 'limit',
  secret: false,
  parse: (given) => parseLimit(about.name, given) ?? unfit('must look like 100/s;burst=200, 600/min, 1000/h or off'),
})

/** PEM text (line ends may be written \n) or the path of a file that holds it. */
export const pem = (about: About & { readonly labels: readonly string[]; readonly secret?: true }) =>
  field<string, undefined>(
    'PEM text or the path of a file',
    about,
    (given) => {
      const found = given.includes('-----BEGIN') ? given.replaceAll('\\n', '\n') : readPem(given)
      const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(found)?.[1] ?? ''
      return about.labels.includes(label) ? `${found.trim()}\n` : unfit(`must hold ${about.labels.join(' or ')}`)
    },
    about.secret ?? false,
  )

function readPem(path: string): string {
  if (!existsSync(path)) unfit('must be PEM text, or name a file that exists')
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return unfit('names a file that cannot be read') // the reason (no right, a folder) would only repeat that
  }
}

/** An address, a range in CIDR form, or one of the names that proxy-addr knows. */
export function isProxy(item: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(item)) return true
  const [address = '', bits, ...rest] = item.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

export const isOrigin = (item: string): boolean =>
  item === '*' || (/^https?:\/\//.test(item) && URL.canParse(item) && new URL(item).origin === item.replace(/\/$/, ''))
