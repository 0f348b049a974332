// The 50,000 passwords of eight characters and more that breaches of ten million accounts brought up most often, as SecLists measured
// them and as a package of Mozilla's carries them. 3,500 have the length that is asked for here.
import { createRequire } from 'node:module'

interface Breached {
  test(password: string): boolean
}

const packages = createRequire(import.meta.url)

/** In small letters, as they are listed. Unpacked for the first that is asked for: it takes 50 ms, and few processes are asked. */
export const isBreached = (password: string): boolean => (packages('fxa-common-password-list') as Breached).test(password)
