// Names that many organisations know, and what a wrong secret costs, counted in hashes: time would depend on the machine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'
import type { Passwords } from '../../platform/auth/index.ts'
import { createOrganization } from '../tenancy/index.ts'
import { createUser, type SigningInServices, signIn } from './index.ts'

const organizations = 24
let house: TestHouse
let hashes: (string | null)[] = []
let services: SigningInServices

/** Says of which hash it was asked, and knows the one right password of each: real hashes are tested where they are made. */
const counting: Passwords = {
  hash: async (password) => `hash of ${password}`,
  attempt: (work) =>
    work(async (stored, password) => {
      hashes.push(stored)
      return stored === `hash of ${password}`
    }),
}
const passwordOf = (organization: number) => `the-secret-of-${organization}-x`

beforeAll(async () => {
  house = await openTestHouse()
  services = { ...house.house, passwords: counting, settings: { accessTokenMinutes: 30, passwordSignIn: true } }
  const { database, clock } = house.house
  for (let index = 1; index <= organizations; index++) {
    const id = await createOrganization(database, clock, { id: 1000 + index, name: `Org ${index}`, domain: `org${index}.example` })
    const user = { username: 'reception', email: `desk@org${index}.example`, firstName: 'Re', lastName: 'Ception' }
    await createUser(house.session(id), { passwords: counting }, { ...user, password: passwordOf(index) })
  }
})
afterAll(() => house?.close())

async function tryTo(login: string, password: string): Promise<{ organization: number | null; hashes: number }> {
  hashes = []
  const { accessToken } = await signIn(house.session(), services, login, password).catch(() => ({ accessToken: null }))
  const principal = accessToken === null ? null : await house.house.tokens.verify(accessToken)
  return { organization: principal?.organizationId ?? null, hashes: hashes.length }
}

describe('a name that more organisations know than are tried', () => {
  test('finds each of them with the organisation’s domain behind it, in any case, at the cost of one hash', async () => {
    for (let index = 1; index <= organizations; index++) {
      expect(await tryTo(`Reception@ORG${index}.example`, passwordOf(index))).toEqual({ organization: 1000 + index, hashes: 1 })
    }
  })

  test('finds by the name alone whoever signed in lately, and never costs more than twenty hashes', async () => {
    await tryTo(`reception@org${organizations}.example`, passwordOf(organizations))
    expect(await tryTo('reception', passwordOf(organizations))).toEqual({ organization: 1000 + organizations, hashes: 20 })
  })

  test('lets nobody in with another organisation’s password', async () => {
    expect((await tryTo('reception@org1.example', passwordOf(2))).organization).toBeNull()
    expect((await tryTo('reception@org1.example.attacker.example', passwordOf(1))).organization).toBeNull()
    expect((await tryTo('@org1.example', passwordOf(1))).organization).toBeNull()
    expect((await tryTo('reception@', passwordOf(1))).organization).toBeNull()
  })
})

describe('a wrong secret costs what a right one costs', () => {
  test('for a name of one person, whoever it is, and for one that nobody has: one hash', async () => {
    const right = await tryTo('desk@org3.example', passwordOf(3))
    const wrong = await tryTo('desk@org3.example', 'not-the-password')
    const unknown = await tryTo('nobody@org3.example', 'not-the-password')
    expect([right, wrong, unknown].map(({ hashes: count }) => count)).toEqual([1, 1, 1])
    expect(right.organization).toBe(1003)
    expect(hashes, 'of nobody: there is no hash to be right').toEqual([null])
  })

  test('for a shared name too: every hash is looked at, whichever is right', async () => {
    expect((await tryTo('reception', 'not-the-password')).hashes).toBe(20)
    expect((await tryTo('reception', passwordOf(organizations))).hashes).toBe(20)
  })
})
