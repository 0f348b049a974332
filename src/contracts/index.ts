// The table of contracts: what the outside sees, one row each.
import type { Contract } from '../platform/http/index.ts'
import { bella } from './bella/contract.ts'
import type { House } from './house.ts'
import { sapien } from './sapien/contract.ts'
import { sei } from './sei/contract.ts'
import { openChecks, shared } from './shared/index.ts'

export type { House } from './house.ts'

export function contracts(house: House): Contract[] {
  const checks = openChecks(house)
  return [sapien(house, checks), sei(house), bella(house), shared(house, checks)]
}
