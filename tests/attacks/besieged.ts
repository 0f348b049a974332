// A house to be attacked by its credentials: three issuers, a key that was revoked, a suspended organisation, credentials of
// every kind, and a server of the attacker's that counts who asks it. What is attacked is read from the contracts' table.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { signIn } from '../../src/domain/people/index.ts'
import { changeStanding, createOrganization } from '../../src/domain/tenancy/index.ts'
import { rotateSigningKeys } from '../../src/platform/auth/index.ts'
import type { AnyEndpoint, Contract } from '../../src/platform/http/index.ts'
import { operations } from '../isolation/operations.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { partnerCertificate, partnerKey } from '../support/partner.ts'
import { until } from '../support/until.ts'
import { type Forge, rsaKey } from './forge.ts'
import type { Carried } from './tokens.ts'

export interface Target {
  readonly contract: Contract
  readonly kind: string
  readonly method: string
  readonly path: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

export interface Besieged {
  readonly house: TestHouse
  readonly forge: Forge
  /** How often anybody asked the attacker's server. */
  asked(): number
  send(target: Pick<Target, 'method' | 'path'>, what: Carried): Promise<Answer>
  close(): Promise<void>
}

const partnerIssuer = 'https://partner.example/'
const domain = 'tenant.auth.example'
const audience = 'https://api.patchbay.example'

export async function besiege(): Promise<Besieged> {
  const publisher = rsaKey()
  const keySet = await listen(JSON.stringify({ keys: [{ ...publicJwk(publisher), kid: 'published-1', alg: 'RS256', use: 'sig' }] }))
  const stranger = rsaKey()
  const trap = await listen(JSON.stringify({ keys: [{ ...publicJwk(stranger), kid: 'trap', alg: 'RS256', use: 'sig' }] }))
  const house = await openTestHouse({
    env: {
      JWT_PUBLIC_KEY: partnerCertificate,
      JWT_ISSUER: partnerIssuer,
      JWT_AUDIENCE: audience,
      AUTH0_DOMAIN: domain,
      AUTH0_AUDIENCE: audience,
      AUTH0_BASE_URL: `${keySet.url}/`,
    },
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  return {
    house,
    forge: {
      ...(await ownKeys(house)),
      issuer: house.house.tokens.issuer,
      audience: house.house.tokens.audience,
      publishing: { issuer: `https://${domain}/`, audience, kid: 'published-1', privateKey: publisher },
      partner: { issuer: partnerIssuer, certificate: partnerCertificate, privateKey: createPrivateKey(partnerKey) },
      stranger,
      trap: trap.url,
      organizations: { suspended: await suspended(house), missing: 987_654, other: house.other.organizationId },
      others: await otherCredentials(house),
    },
    asked: trap.asked,
    send: (target, what) => send(house.url, agent, target, what),
    async close() {
      agent.destroy()
      await house.close()
      await Promise.all([keySet.close(), trap.close()])
    },
  }
}

const publicJwk = (key: KeyObject): object => createPublicKey(key).export({ format: 'jwk' })

async function listen(text: string) {
  let asked = 0
  const server = createServer((_request, response) => {
    asked++
    response.setHeader('content-type', 'application/json').end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

/** The house's own keys, the first of them revoked; and a good token's claims. */
async function ownKeys(house: TestHouse) {
  const { database, vault, clock, bus, signingKeys, tokens } = house.house
  const present = async () => {
    const { kid } = signingKeys.current()
    const { rows } = await database.pool.query('SELECT private_sealed FROM platform.signing_keys WHERE kid = $1', [kid])
    return { kid, privateKey: createPrivateKey(vault.open(String(rows[0]?.private_sealed), 'signing-key')) }
  }
  const revoked = await present()
  const kid = await rotateSigningKeys(database, vault, clock, { revoke: true })
  await bus.publish('auth.keys_rotated', { kid })
  await until('the new key to sign', async () => signingKeys.current().kid === kid)
  const { privateKey } = await present()
  const now = Math.floor(clock.now().getTime() / 1000)
  const { issuer, audience: aud } = tokens
  const claims = { iss: issuer, sub: 'client:attacked', aud, iat: now, exp: now + 1800, organization_id: 100, roles: ['admin'] }
  const header = { alg: 'RS256', typ: 'JWT', kid: signingKeys.current().kid }
  return { kid: signingKeys.current().kid, privateKey, publicKey: createPublicKey(privateKey), revoked, now, claims, header }
}

async function suspended({ house }: TestHouse): Promise<number> {
  const id = await createOrganization(house.database, house.clock, { name: 'Gone Limited', domain: 'gone.example' })
  const session = house.openSession({ ...systemSession, organizationId: id })
  await changeStanding(session, house, 'suspended')
  return id
}
const systemSession = {
  kind: 'system',
  subject: 'test',
  userId: null,
  roles: [],
  permissions: new Set(['*']),
  account: null,
  credential: 'test',
} as const

async function otherCredentials(house: TestHouse) {
  const { username, password } = house.org.admin
  const { refreshToken } = await signIn(house.session(), house.house, username, password)
  const ticket = (await (await house.request('POST', '/v1/events/ticket', { token: await house.token() })).json()) as { ticket: string }
  const feed = (await (await house.request('POST', '/appointments/feeds', { key: house.org.apiKey })).json()) as { url: string }
  return {
    refreshToken,
    apiKey: house.org.apiKey,
    ticket: ticket.ticket,
    feedToken: new URL(feed.url).searchParams.get('token') ?? '',
    clientSecret: house.org.oauth.client_secret,
  }
}

/** One target of each kind for every contract with such a credential: a read, a change, a stream, a ticket. */
export function targetsOf(scheme: 'bearerAuth' | 'apiKey'): Target[] {
  const found = new Map<string, Target>()
  for (const { contract, endpoint } of operations) {
    if (!(scheme in contract.security) || endpoint.permission === 'public') continue
    const kind = kindOf(endpoint)
    const name = `${contract.name} ${kind}`
    const path = endpoint.path.replace(/:\w+/g, '1')
    if (!found.has(name)) found.set(name, { contract, kind, method: endpoint.method, path })
  }
  return [...found.values()]
}

function kindOf({ method, response, operation, verify }: AnyEndpoint): string {
  if (response[200] === 'text/event-stream') return 'stream'
  if (operation.endsWith('.ticket')) return 'ticket'
  return verify ? `${method} with a verifier of its own` : method
}

/** By node:http, which sends repeated and odd headers as they are. */
function send(url: string, agent: Agent, { method, path }: Pick<Target, 'method' | 'path'>, what: Carried): Promise<Answer> {
  const { headers, query, body, unread } = what
  return new Promise((resolve, reject) => {
    const address = new URL(url)
    const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
    const sent = request({
      agent: unread ? false : agent,
      host: address.hostname,
      port: address.port,
      method,
      path: query === undefined ? path : `${path}?${query}`,
      headers: ['host', address.host, ...headers, ...length],
      timeout: 10_000,
    })
    sent.on('response', (response) => {
      const answer = { status: response.statusCode ?? 0, headers: response.headers }
      // A stream that was opened has no end: that it was opened says enough.
      if (String(response.headers['content-type']).startsWith('text/event-stream')) {
        resolve({ ...answer, body: '' })
        return void response.destroy()
      }
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ ...answer, body: Buffer.concat(chunks).toString() }))
    })
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered`)))
    // Whoever reads no further may cut the line before all is sent.
    sent.on('error', (error) => (unread ? resolve({ status: 431, headers: {}, body: '' }) : reject(error)))
    sent.end(body)
  })
}
