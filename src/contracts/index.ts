// The table of contracts: what the outside sees, one row each.
import type { Contract } from '../platform/http/index.ts'
import { bella } from './bella/contract.ts'
import type { House } from './house.ts'
import { reference } from './reference/index.ts'
import { sapien } from './sapien/contract.ts'
import { sei } from './sei/contract.ts'
import { openChecks, shared } from './shared/index.ts'

export type { House } from './house.ts'

export function contracts(house: House): Contract[] {
  const checks = openChecks(house)
  const common = shared(house, checks)
  const pages = reference(house, () => all)
  const all = [sapien(house, checks), sei(house), bella(house), { ...common, endpoints: [...common.endpoints, ...pages] }]
  return all
}
