// How long a chaos test goes on: in full by `npm run chaos`, a minute's worth by `npm run chaos -- --short` as CI runs it,
// and a taste of a few seconds within `npm test`.

export interface Efforts<T> {
  /** What the promise names. */
  readonly full: T
  readonly short: T
  readonly taste: T
}

export function effort<T>({ full, short, taste }: Efforts<T>): T {
  if (process.env.PATCHBAY_CHAOS === 'full') return full
  return process.env.PATCHBAY_CHAOS === 'short' ? short : taste
}
