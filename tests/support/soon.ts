import { vi } from 'vitest'

/** Until nothing in `check` fails any more. A busy machine may take long; a promise of a time is measured where it is made. */
export const soon = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 15_000, interval: 10 })
