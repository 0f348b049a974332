// What files need of the outside: somebody who knows malware.
import type { Readable } from 'node:stream'

export type Verdict =
  | { readonly is: 'clean' }
  /** `malware` is what the scanner calls it: printable, and no longer than 200 characters. */
  | { readonly is: 'infected'; readonly malware: string }
  /** Larger than the scanner looks at. */
  | { readonly is: 'too_large' }

export interface MalwareScanner {
  /** Looks at every byte of what `open` gives, and closes it. @throws scanner_unavailable: nothing is known of the file; and what `open` throws */
  scan(open: () => Promise<Readable>): Promise<Verdict>
}
