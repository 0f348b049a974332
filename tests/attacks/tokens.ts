// Every attack on a bearer token that we know of, as data: what it is called, and what is sent.
import { algorithmAttacks } from './algorithms.ts'
import { claimAttacks } from './claims.ts'
import type { Forge } from './forge.ts'
import { keyAttacks } from './keys.ts'
import { wireAttacks } from './wire.ts'

/** Where it is not simply the value behind `Bearer `. */
export interface Carried {
  /** Name, value, name, value: as they go over the wire, repeats included. */
  readonly headers: readonly string[]
  /** Put behind the address. */
  readonly query?: string
  readonly body?: string
  /** Too large to be read as HTTP at all: refused before there is a path, and so in no contract's words. */
  readonly unread?: true
}

export type Attack = (forge: Forge) => string | Carried

const themes: readonly Readonly<Record<string, Attack>>[] = [algorithmAttacks, keyAttacks, claimAttacks, wireAttacks]

/** Name and attack. */
export const attacks: readonly (readonly [string, Attack])[] = themes.flatMap((theme) => Object.entries(theme))

export function carried(presented: string | Carried): Carried {
  return typeof presented === 'string' ? { headers: ['authorization', `Bearer ${presented}`] } : presented
}
