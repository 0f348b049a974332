// Values for the parameters of a path: things that are there, so that a request reaches the handler; where none can be
// made from outside, an id of the right shape that nobody has.
import type { TestHouse } from '../support/house.ts'

let made = 0

/** By the shell's names, as the reference page has them. */
export async function placesOf(house: TestHouse, path: string): Promise<Record<string, string>> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  const values = await Promise.all(names.map((name) => placeOf(house, path, name)))
  return Object.fromEntries(
    names.map((name, index) => [name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(), values[index] ?? '']),
  )
}

const nobodys = '0195567e-2f80-7cc3-98e5-1f2a3b4c5d6e'

async function placeOf(house: TestHouse, path: string, name: string): Promise<string> {
  if (path.startsWith('/v1/users/')) return newUser(house)
  if (path.startsWith('/v1/organizations/')) return '100'
  if (path.startsWith('/openapi/')) return 'sapien'
  return /user|org/i.test(name) ? '999999999' : nobodys
}

async function newUser(house: TestHouse): Promise<string> {
  const name = `somebody-${++made}`
  const json = { username: name, email: `${name}@example.com`, firstName: 'Some', lastName: 'Body', roles: ['user'] }
  const answer = await house.request('POST', '/v1/users', { token: await house.token(), json })
  const { id } = (await answer.json()) as { id: number }
  return String(id)
}
