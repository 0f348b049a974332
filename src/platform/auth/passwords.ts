// Passwords as argon2id (RFC 9106; parameters of the OWASP sheet). A wrong user name costs what a wrong password costs:
// both verify one hash. Only a few run at once, because each takes 19 MiB and a core.
import { hash, verify } from '@node-rs/argon2'
import { secret } from '../ids/index.ts'

const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const atOnce = 4

export interface Passwords {
  hash(password: string): Promise<string>
  /**
   * An attempt to get in, from the look at the lock to the count of a failure, in its turn: no more guesses than have a turn
   * at once can slip past a lock that falls meanwhile.
   */
  attempt<T>(work: (verify: Verify) => Promise<T>): Promise<T>
}

/** `stored` is null for an unknown user: as much work is done, and the answer is no. */
export type Verify = (stored: string | null, password: string) => Promise<boolean>

export function openPasswords(): Passwords {
  const turn = gate(atOnce)
  let decoy: Promise<string> | null = null
  return {
    hash: (password) => turn(() => hash(password, cost)),
    attempt: (work) =>
      turn(() =>
        work(async (stored, password) => {
          decoy ??= hash(secret(), cost)
          const right = await verify(stored ?? (await decoy), password)
          return right && stored !== null
        }),
      ),
  }
}

/** Lets `places` pieces of work run at once; the others wait in line. */
function gate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = places
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
