// Chance that can be had again: everything the generator decides comes from here, so that a seed is a whole run.

export interface Dice {
  /** 0 up to, but not including, `below`. */
  int(below: number): number
  chance(share: number): boolean
  pick<T>(from: readonly T[]): T
  /** One of the names, as often as its weight says. */
  weigh<K extends string>(weights: Readonly<Record<K, number>>): K
}

/** A run's `number`-th request has dice of its own: it can be thrown again without those before it. */
export function diceOf(seed: number, number = 0): Dice {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35)) >>> 0
  // mulberry32 (Tommy Ettinger, public domain): one word of state, passes gjrand.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const int = (below: number): number => Math.floor(next() * below)
  const pick = <T>(from: readonly T[]): T => {
    const index = int(from.length)
    if (index >= from.length) throw new Error('there is nothing to pick from')
    return from[index] as T
  }
  return {
    int,
    pick,
    chance: (share) => next() < share,
    weigh<K extends string>(weights: Readonly<Record<K, number>>): K {
      const entries = Object.entries(weights) as [K, number][]
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [name, weight] of entries) {
        left -= weight
        if (left < 0) return name
      }
      return pick(entries)[0]
    },
  }
}
