// The table of contracts: what the outside sees, one row each.
import type { Contract } from '../platform/http/index.ts'
import { bella } from './bella/contract.ts'
import type { House } from './house.ts'
import { sapien } from './sapien/contract.ts'
import { sei } from './sei/contract.ts'

export type { House } from './house.ts'
export const contracts = (house: House): Contract[] => [sapien(house), sei(house), bella(house)]
