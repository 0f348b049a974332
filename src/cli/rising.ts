// Starting several things that need each other, when one may be asked to stop before all are up: what runs, or is only
// just coming up, is stopped in the opposite order, and nothing starts any more.

/** Thrown into a start that goes on though it is no longer wanted; nobody waits for it by then. */
export class NoLongerWanted extends Error {}

export interface Rising {
  /** Starts a part and remembers how it stops. @throws NoLongerWanted */
  raise<T>(start: () => Promise<T>, stop: (part: T) => Promise<void> | void): Promise<T>
  /** A last step that must not happen after the stop. @throws NoLongerWanted */
  stillWanted(): void
  /** Stops everything, the youngest first. What did not come up has nothing to stop. */
  fall(): Promise<void>
}

export function openRising(): Rising {
  const stops: (() => Promise<void>)[] = []
  let wanted = true
  const stillWanted = () => {
    if (!wanted) throw new NoLongerWanted()
  }
  return {
    stillWanted,
    raise(start, stop) {
      stillWanted()
      const rising = start()
      const came = rising.then(
        (part) => ({ part }),
        () => null,
      )
      stops.push(async () => {
        const up = await came
        if (up) await stop(up.part)
      })
      return rising
    },
    async fall() {
      wanted = false
      for (const stop of stops.splice(0).reverse()) await stop()
    },
  }
}
