// A file that lies in the data folder from the first change of the demo to its last, so that a start that was cut short
// is known for what it is.
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const mark = (dataFolder: string): string => join(dataFolder, 'demo.unfinished')

export const isUnfinished = (dataFolder: string): boolean => existsSync(mark(dataFolder))

/** `work` from its beginning to its end; what is cut short in between stays marked. */
export async function marked<T>(dataFolder: string, work: () => Promise<T>): Promise<T> {
  writeFileSync(mark(dataFolder), '', { mode: 0o600 })
  const done = await work()
  rmSync(mark(dataFolder), { force: true })
  return done
}
