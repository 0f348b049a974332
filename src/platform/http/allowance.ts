// How many may wait for an answer before anybody is turned away. A few always may: they are no flood, however slow the machine is
// just now. But where a flood is, and each of the few takes milliseconds of the processor, a turn of the event loop is long for
// them alone, and whoever is to hear at once that there is no room waits for its end. So in a flood they become fewer.

export interface Allowance {
  /** After each turn: the processor time that this process put into it, and how many it turned away. */
  measure(turn: { readonly ownMs: number; readonly turnedAway: number }): void
  count(): number
}

/** Fewer would leave the processor idle while PostgreSQL works for them. */
const least = 4
/** In a turn: as long as there is a flood, and afterwards. */
const [carefully, freely] = [0.25, 1]

/**
 * A turn that took too long had too much in it, in that proportion. Its own time counts, not the clock's: what others take of the
 * processor does not become less by turning away more.
 * @param most outside of floods
 */
export function openAllowance({ most, turnMs }: { readonly most: number; readonly turnMs: number }): Allowance {
  const floor = Math.min(least, most)
  let allowed = most
  return {
    measure({ ownMs, turnedAway }) {
      if (turnedAway === 0) allowed = Math.min(most, allowed + freely)
      else if (ownMs > turnMs) allowed = Math.max(floor, (allowed * turnMs) / ownMs)
      else allowed = Math.min(most, allowed + carefully)
    },
    count: () => Math.floor(allowed),
  }
}
