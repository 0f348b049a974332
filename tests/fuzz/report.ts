// What a run found, for whoever reads it: how to ask again, the least that still fails, and a table by operation.
import type { Complaint } from './checker.ts'
import type { Made } from './request.ts'
import { classOf, type Failure, type Ran } from './run.ts'

const attempts = 60

/** The request without whatever it fails without: headers first, then fields of its body, then its query. */
export async function minimise(failure: Failure, again: (made: Made) => Promise<readonly Complaint[]>): Promise<Made> {
  let least = failure.made
  let left = attempts
  const still = async (made: Made): Promise<boolean> => left-- > 0 && (await again(made)).some((one) => one.class === classOf(failure))
  for (let found = true; found; ) {
    found = false
    for (const smaller of smallerOnes(least)) {
      if (!(await still(smaller))) continue
      least = smaller
      found = true
      break
    }
  }
  return least
}

function* smallerOnes(made: Made): Generator<Made> {
  for (const [index, [name]] of made.headers.entries())
    if (name !== 'host' && name !== 'content-length') yield { ...made, headers: made.headers.toSpliced(index, 1) }
  const [path = '', query] = made.target.split('?', 2)
  if (query !== undefined) {
    yield { ...made, target: path }
    const pairs = query.split('&')
    if (pairs.length > 1) for (const index of pairs.keys()) yield { ...made, target: `${path}?${pairs.toSpliced(index, 1).join('&')}` }
  }
  for (const body of smallerBodies(made.body)) {
    const headers = made.headers.map(
      ([name, value]) => [name, name === 'content-length' && !made.breaksFraming ? String(body.length) : value] as const,
    )
    yield { ...made, headers, body }
  }
}

function* smallerBodies(body: Buffer | null): Generator<Buffer> {
  const text = body?.toString('utf8') ?? ''
  if (!text.startsWith('{')) return
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch {
    return // what is no JSON is shown as it is
  }
  for (const name of Object.keys(fields)) yield Buffer.from(JSON.stringify({ ...fields, [name]: undefined }))
}

const quoted = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) && !text.includes("'") ? `'${text}'` : `$'${[...Buffer.from(text, 'latin1')].map(escaped).join('')}'`
const escaped = (byte: number): string =>
  byte < 0x20 || byte > 0x7e || byte === 0x27 || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)

/** Good credentials are of a server that will be gone: whoever asks again has others. */
const credential = (name: string, value: string): string | null =>
  name === 'authorization' && /^Bearer ey[\w-]+\.[\w-]+\.[\w-]{40,}$/.test(value) ? '"authorization: Bearer $TOKEN"' : null

export function curlOf(made: Made, url: string): string {
  const headers = made.headers
    .filter(([name]) => name !== 'host')
    .map(([name, value]) => `-H ${credential(name, value) ?? quoted(`${name}: ${value}`)}`)
  const body = made.body && made.body.length > 0 ? [`--data-binary ${quoted(made.body.toString('latin1'))}`] : []
  return [`curl -i --path-as-is -g -X ${made.method}`, ...headers, ...body, quoted(`${url}${made.target}`)].join(' ')
}

export function replayOf(made: Made, seed: number): string {
  return `${JSON.stringify({ seed, ...made, body: made.body?.toString('base64') ?? null }, null, 2)}\n`
}
export function readReplay(text: string): Made {
  const value = JSON.parse(text) as Omit<Made, 'body'> & { body: string | null }
  return { ...value, body: value.body === null ? null : Buffer.from(value.body, 'base64') }
}

const classes = ['2xx', '3xx', '4xx', '5xx'] as const

/** By operation, how often each class of status came. */
export function tableOf({ tally }: Ran): string {
  const rows = [...tally.statuses]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, statuses]) => {
      const sum = (first: number) =>
        [...statuses].filter(([status]) => Math.floor(status / 100) === first).reduce((total, [, times]) => total + times, 0)
      const each = [...statuses].sort(([a], [b]) => a - b).map(([status, times]) => `${status}×${times}`)
      return [name.padEnd(36), ...classes.map((_, index) => String(sum(index + 2)).padStart(7)), ` ${each.join(' ')}`].join('')
    })
  return [['operation'.padEnd(36), ...classes.map((name) => name.padStart(7))].join(''), ...rows].join('\n')
}

/** Operations that were never answered as they would like to be: with a 2xx, or with the redirect that they are for. */
export function neverWell({ tally, operations }: Ran): string[] {
  return operations.filter((name) => ![...(tally.statuses.get(name)?.keys() ?? [])].some((status) => status < 400))
}

/** What may be held more after collection at the end than after a fifth: not a share, so that a longer run is a stricter one. */
export const mostGrowthMiB = { heap: 24, rss: 192 }

export function growthOf(early: { heapMiB: number; rssMiB: number }, late: { heapMiB: number; rssMiB: number }): string | null {
  const heap = late.heapMiB - early.heapMiB
  const rss = late.rssMiB - early.rssMiB
  if (heap <= mostGrowthMiB.heap && rss <= mostGrowthMiB.rss) return null
  return `memory grew: heap by ${heap.toFixed(1)} MiB, resident by ${rss.toFixed(1)} MiB`
}
