// Makes the requests of a run: the `number`-th is decided by the seed, the documents and what earlier answers taught.
import { credentialsOf, forged, type Pairs, type World } from './credentials.ts'
import { type Dice, diceOf } from './dice.ts'
import type { Operation, Plan, Schema } from './document.ts'
import { hostileTexts, mutate, rawBody } from './hostile.ts'
import { framings, hostileAddress, hostileHeaders } from './hostile-wire.ts'
import type { Memory } from './memory.ts'
import type { Kind, Made } from './request.ts'
import { type Json, schemaValue } from './values.ts'
import { formOf, hostileForm, signatureOf } from './webhooks.ts'

export interface Planning {
  readonly plan: Plan
  readonly world: World
  readonly memory: Memory
  readonly seed: number
  /** Only operations whose id holds this. */
  readonly only?: string
}

type Draft = Omit<Made, 'number' | 'kind' | 'headers' | 'breaksFraming' | 'mustNotPass'> & { readonly headers: Pairs }
type Body = { readonly type: string | null; readonly bytes: Buffer }
interface Ground {
  readonly planning: Planning
  readonly operation: Operation
  readonly dice: Dice
  readonly number: number
}

const weights: Readonly<Record<Kind, number>> = { valid: 46, mutated: 20, raw: 6, headers: 8, address: 8, forged: 3, webhook: 8, stream: 1 }

export function makeRequest(planning: Planning, number: number): Made {
  const dice = diceOf(planning.seed, number)
  const among = planning.plan.operations.filter(({ id }) => id.includes(planning.only ?? ''))
  const kind = dice.weigh(weights)
  const fitting = among.filter((operation) => suits(operation, kind))
  const wide = fitting.length > 0 ? fitting : among
  const first = dice.pick(wide)
  const operation = planning.world.seldom.includes(first.id) && dice.chance(0.85) ? dice.pick(wide) : first
  const chosen = fitting.length > 0 ? kind : operation.signed ? 'webhook' : operation.endless ? 'stream' : 'valid'
  const ground: Ground = { planning, operation, dice, number }
  const made = makers[chosen](ground)
  return { ...made, number, kind: chosen, headers: [['host', new URL(planning.world.url).host], ...made.headers] }
}

function suits(operation: Operation, kind: Kind): boolean {
  if (kind === 'webhook') return operation.signed
  if (kind === 'stream') return operation.endless
  if (operation.signed || operation.endless) return kind === 'headers' || kind === 'address'
  if (kind === 'forged') return (operation.bearer || operation.key) && !operation.statuses.has(304)
  return kind !== 'mutated' || operation.bodies.length > 0 || operation.query.length > 0
}

type Result = Omit<Made, 'number' | 'kind'>
const safe = { breaksFraming: false, mustNotPass: false }

const makers: Readonly<Record<Kind, (ground: Ground) => Result>> = {
  valid: (ground) => ({ ...right(ground), ...safe }),
  mutated: (ground) => ({ ...mutated(ground), ...safe }),
  raw(ground) {
    const { note, body, type } = rawBody(ground.dice)
    return { ...drafted(ground, { type, bytes: body }), note, ...safe }
  },
  headers: (ground) => (ground.dice.chance(0.25) ? misframed(ground) : oddHeaders(ground)),
  address(ground) {
    const draft = right(ground)
    return { ...draft, ...hostileAddress(ground.dice, draft.method, draft.target), ...safe }
  },
  forged(ground) {
    const { note, headers } = forged(ground.planning.world, ground.operation, ground.dice)
    const draft = right(ground)
    const plain = draft.headers.filter(([name]) => name !== 'authorization' && name !== 'x-api-key')
    // A ticket or a token in the address is a credential of its own.
    const target = draft.target.replace(/([?&](?:ticket|token)=)[^&]*/g, '$1x')
    return { ...draft, target, note, headers: [...plain, ...headers], breaksFraming: false, mustNotPass: true }
  },
  webhook: (ground) => post(ground),
  stream(ground) {
    const draft = right(ground)
    const odd: Pairs = ground.dice.chance(0.5)
      ? [['last-event-id', ground.dice.pick(['0', '-1', '1', 'a', '9'.repeat(25), '', '1e3'])]]
      : []
    return { ...draft, headers: [...draft.headers, ...odd], note: 'a stream', ...safe }
  },
}

const groundOf = ({ planning, operation, dice }: Ground) => ({
  operation,
  dice,
  memory: planning.memory,
  follow: planning.plan.follow,
  now: planning.world.now,
})

function targetOf(ground: Ground): string {
  const { operation, dice } = ground
  const value = (schema: Schema, name: string): string =>
    encodeURIComponent(String(schemaValue(groundOf(ground), schema, name)).toWellFormed())
  const path = operation.template.replace(
    /\{(\w+)\}/g,
    (_, name: string) => value(operation.path.find((one) => one.name === name)?.schema ?? {}, name) || 'x',
  )
  const share = dice.pick([0, 0, 0.4, 1])
  const pairs = operation.query
    .filter(({ required }) => required || dice.chance(share))
    .map(({ name, schema }) => `${name}=${value(schema, name)}`)
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path
}

function drafted(ground: Ground, body: Body | null): Draft {
  const { planning, operation, dice } = ground
  const type: Pairs = body?.type === null || !body ? [] : [['content-type', body.type]]
  const length: Pairs = body ? [['content-length', String(body.bytes.length)]] : operation.method === 'GET' ? [] : [['content-length', '0']]
  const key: Pairs = operation.headers.length > 0 && dice.chance(0.15) ? [['idempotency-key', `key-${dice.int(400)}`]] : []
  const headers = [...credentialsOf(planning.world, operation, dice), ...type, ...length, ...key]
  return { note: '', method: operation.method, target: targetOf(ground), headers, body: body?.bytes ?? null }
}

/** As the document has it. */
function right(ground: Ground): Draft {
  const { operation, dice } = ground
  if (operation.bodies.length === 0) return drafted(ground, null)
  const { media, schema } = dice.pick(operation.bodies)
  return drafted(ground, encoded(media, bodyValue(ground, schema), dice))
}

function bodyValue(ground: Ground, schema: Schema, spoiled = false): Json {
  const { world } = ground.planning
  const openers = spoiled && world.locking.includes(ground.operation.id) ? undefined : world.openers[ground.operation.id]
  return openers && ground.dice.chance(0.5) ? ground.dice.pick(openers) : schemaValue(groundOf(ground), schema, '')
}

function encoded(media: string, value: Json, dice: Dice): Body {
  if (media === 'application/json') return { type: media, bytes: Buffer.from(JSON.stringify(value)) }
  const pairs = Object.entries((value ?? {}) as object).map(
    ([name, inner]) => [name, typeof inner === 'string' ? inner : JSON.stringify(inner)] as const,
  )
  if (media === 'application/x-www-form-urlencoded')
    return { type: media, bytes: Buffer.from(new URLSearchParams(pairs.map(([name, text]) => [name, text])).toString()) }
  const parts = pairs.map(([name, text]) =>
    name === 'file'
      ? `content-disposition: form-data; name="file"; filename="${dice.pick(['a.txt', 'b.wav', 'ü.bin', ''])}"\r\ncontent-type: ${dice.pick(['text/plain', 'audio/wav', 'application/pdf', 'text/html', 'x'])}\r\n\r\n${text}`
      : `content-disposition: form-data; name="${name}"\r\n\r\n${text}`,
  )
  return { type: `${media}; boundary=edge`, bytes: Buffer.from(`${parts.map((part) => `--edge\r\n${part}\r\n`).join('')}--edge--\r\n`) }
}

function mutated(ground: Ground): Draft {
  const { operation, dice } = ground
  const json = operation.bodies.find(({ media }) => media === 'application/json')
  if (json && (operation.query.length === 0 || dice.chance(0.7))) {
    const { note, text } = mutate(bodyValue(ground, json.schema, true), dice)
    return { ...drafted(ground, { type: 'application/json', bytes: Buffer.from(text) }), note }
  }
  const draft = right(ground)
  if (operation.query.length === 0) {
    const cut = draft.body?.subarray(0, dice.int(draft.body.length + 1)) ?? Buffer.alloc(0)
    const headers = draft.headers.map(([name, value]) => [name, name === 'content-length' ? String(cut.length) : value] as const)
    return { ...draft, headers, body: cut, note: 'a body that ends too soon' }
  }
  const { name } = dice.pick(operation.query)
  const text = encodeURIComponent(dice.pick(hostileTexts).toWellFormed()).slice(0, 6000)
  return { ...draft, target: `${draft.target}${draft.target.includes('?') ? '&' : '?'}${name}=${text}`, note: `an odd ${name}` }
}

function oddHeaders(ground: Ground): Result {
  const draft = ground.operation.signed ? { ...post(ground), note: '' } : right(ground)
  const odd = hostileHeaders(ground.dice)
  const names = new Set(odd.map(([name]) => name))
  const kept = draft.headers.filter(([name]) => !names.has(name))
  const wantsMore = odd.some(([name, value]) => name === 'expect' || name === 'upgrade' || value.includes('upgrade'))
  return { ...draft, headers: [...kept, ...odd], note: [...names].join(', '), breaksFraming: wantsMore, mustNotPass: false }
}

function misframed(ground: Ground): Result {
  const draft = ground.operation.signed ? post(ground) : right(ground)
  const note = ground.dice.pick(Object.keys(framings))
  const changed = framings[note]?.(draft.body ?? Buffer.from('{"a":1}'))
  if (!changed) throw new Error(`there is no framing ${note}`)
  const kept = draft.headers.filter(([name]) => name !== 'content-length')
  return { ...draft, note, headers: [...kept, ...changed.headers], body: changed.body, breaksFraming: true, mustNotPass: false }
}

/** A post of the provider: mostly right, some odd and rightly signed, some signed by nobody. */
function post(ground: Ground): Result {
  const { planning, operation, dice, number } = ground
  const part = operation.template.replace(/^\/twilio\/voice\/?/, '')
  const { form, call } = formOf(planning.world, planning.seed, number, part, dice)
  const turn = planning.memory.recall(operation, `turn of ${call}`, dice)
  const bare = targetOf(ground)
  const target = turn !== undefined && dice.chance(0.8) && part === 'collect' ? `${operation.template}?turn=${turn}` : bare
  const how = dice.weigh({ right: 6, odd: 3, forged: 1 })
  const sent = how === 'odd' ? hostileForm(form, dice) : form
  const bytes = Buffer.from(new URLSearchParams(sent.map(([name, value]) => [name, value])).toString())
  const real = signatureOf(planning.world, target, sent)
  const signature =
    how === 'forged' ? dice.pick(['', 'x', real.slice(1), `${real}=`, signatureOf(planning.world, `${target}x`, sent), 'é']) : real
  return {
    note: how,
    method: 'POST',
    target,
    headers: [
      ['content-type', 'application/x-www-form-urlencoded'],
      ['content-length', String(bytes.length)],
      ['x-twilio-signature', signature],
    ],
    body: bytes,
    breaksFraming: false,
    mustNotPass: how === 'forged',
  }
}
