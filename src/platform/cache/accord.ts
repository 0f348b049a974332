// What all processes know of each other's cached values (docs/decisions/0020): a change is answered once everybody has
// forgotten the value, or cannot help knowing that its memory counts for nothing. Whoever has not heard from PostgreSQL
// within `leaseMs` distrusts its own memory; whoever does not say in that time that it forgot is no longer waited for.
import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../db/index.ts'
import type { Log } from '../telemetry/index.ts'
import { monotonicMs } from '../time/index.ts'
import { evictPeers, fence, joinPeers, leavePeers, raiseEpoch, sayAcks, sayDrop, selectEpochs, selectPeers } from './accord.sql.ts'
import { openAcks } from './acks.ts'
import { type Drop, type Message, parseMessage } from './drop.ts'

/** What a drop needs of a transaction. */
export interface DropTx {
  later<P extends object>(statement: Statement<P, unknown>, params: P): void
  afterCommit(work: () => Promise<void> | void): void
}

export interface Accord {
  /** Whether nothing can have been dropped that is not dropped here. */
  trusted(): boolean
  /** Asks PostgreSQL when that is not known; false when there is no answer soon. */
  trust(): Promise<boolean>
  /** The number under which values of a scope count now. */
  epoch(scope: string): number
  /** Resolves when every process has forgotten. `raise`: what lies under this scope in a tier no longer counts. @throws when PostgreSQL cannot be told */
  tell(drop: Drop, raise?: string): Promise<void>
  /** The same with a transaction: told by its commit, waited for after it. */
  tellWith(tx: DropTx, drop: Drop, raise?: string): Promise<void>
  /** `null`: everything. */
  onForget(forget: (drop: Drop | null) => void): void
  close(): Promise<void>
}

/** How long a process may go on trusting its memory without a word from PostgreSQL. */
const leaseMs = 200
/** Timers and clocks of two processes may differ a little. */
const waitMs = leaseMs + 20
/** A read does not wait longer to learn whether it may use what is near. */
const trustWaitMs = 500
/** A word of our own that does not come back means that the listening connection is dead. */
const deafMs = 2_000
const rejoinMs = 250
const everybody = 'patchbay_cache'
const channelOf = (id: string): string => `${everybody}_${id}`

interface Announced {
  readonly from: string | null
  readonly number: number
  readonly word: string
}

interface Membership {
  readonly id: string
  /** Words on their way to ourselves, and who waits for them. */
  readonly fences: Map<string, PromiseWithResolvers<void>>
  trustedUntilMs: number
  close(): Promise<void>
}

export function openAccord({ database, log }: { database: Pick<Database, 'read' | 'listen'>; log: Log }): Accord {
  const epochs = new Map<string, number>()
  let forget: (drop: Drop | null) => void = () => {}
  let member: Membership | null = null
  let former: string | null = null
  let joining: Promise<Membership> | null = null
  let renewing: Promise<void> | null = null
  let notBeforeMs = 0
  let closed = false
  let count = 0

  const read = <P extends object>(statement: Statement<P, unknown>, params: P) => database.read(null, statement, params)
  const acks = openAcks({
    send: (channels, words) => read(sayAcks, { channels, words }),
    failed: (error) => log.warn({ err: error }, 'could not say that a cached value was forgotten; whoever waits does so for a moment'),
  })
  const learn = (scope: string, epoch: number) => void epochs.set(scope, Math.max(epoch, epochs.get(scope) ?? 0))

  const hear = (id: string, { from, number, drop, raise, epoch }: Message): void => {
    if (raise !== undefined && epoch !== undefined) learn(raise, epoch)
    if (from === id) return
    forget(drop)
    if (from !== null) acks.owe(channelOf(from), `${number} ${id}`)
  }
  const lose = (lost: Membership | null): void => {
    if (!lost || member !== lost) return
    former = lost.id
    member = null
    renewing = null
    giveUp(lost)
    void lost.close().catch(() => {}) // it is lost already
  }

  async function join(): Promise<Membership> {
    const id = randomUUID().replaceAll('-', '')
    const fences: Membership['fences'] = new Map()
    let mine: Membership | null = null
    let gone = false
    const onMessage = (channel: string, text: string): void => {
      if (channel !== everybody) {
        if (!acks.came(text)) fences.get(text)?.resolve()
        return
      }
      const message = parseMessage(text)
      if (message) hear(id, message)
      else log.warn({}, 'a message about cached values could not be read')
    }
    const onLost = () => {
      gone = true
      lose(mine)
    }
    const ear = await database.listen([everybody, channelOf(id)], onMessage, onLost)
    try {
      await read(joinPeers, { id, former })
      for (const row of (await read(selectEpochs, {})) as { scope: string; epoch: number }[]) learn(row.scope, row.epoch)
      if (gone) throw new Error('the connection was lost as soon as it was made')
    } catch (error) {
      await ear.close()
      throw error
    }
    // What was kept before may have been dropped unheard.
    forget(null)
    mine = { id, fences, trustedUntilMs: Number.NEGATIVE_INFINITY, close: () => ear.close() }
    member = mine
    return mine
  }

  /** @throws when there is no connection, or was none a moment ago */
  function joined(): Promise<Membership> {
    if (member) return Promise.resolve(member)
    if (closed || monotonicMs() < notBeforeMs) return Promise.reject(new Error('not in touch with the other processes'))
    joining ??= join()
      .catch((error: unknown) => {
        notBeforeMs = monotonicMs() + rejoinMs
        throw error
      })
      .finally(() => {
        joining = null
      })
    return joining
  }

  /** A word to ourselves: when it is back, all that was said before it has been heard. */
  async function renew(): Promise<void> {
    const mine = await joined()
    const word = String(++count)
    const heard = Promise.withResolvers<void>()
    heard.promise.catch(() => {}) // it may end before it is waited for
    mine.fences.set(word, heard)
    const sentMs = monotonicMs()
    const deaf = setTimeout(() => heard.reject(new Error('PostgreSQL does not let us hear')), deafMs)
    try {
      const [row] = (await read(fence, { id: mine.id, channel: channelOf(mine.id), word })) as { member: boolean }[]
      if (!row?.member) throw new Error('the others did not wait for this process: it begins anew')
      await heard.promise
      mine.trustedUntilMs = Math.max(mine.trustedUntilMs, sentMs + leaseMs)
    } catch (error) {
      lose(mine)
      throw error
    } finally {
      clearTimeout(deaf)
      mine.fences.delete(word)
    }
  }
  const renewed = (): Promise<void> => {
    const running = renewing ?? renew()
    renewing = running
    const over = () => {
      if (renewing === running) renewing = null
    }
    running.then(over, over)
    return running
  }
  const trusted = (): boolean => {
    const leftMs = (member?.trustedUntilMs ?? Number.NEGATIVE_INFINITY) - monotonicMs()
    if (leftMs <= 0) return false
    if (leftMs < leaseMs / 2 && !renewing) renewed().catch(() => {}) // whoever asks when it is over learns of it
    return true
  }

  /** A message to come, for which answers are collected from now on. */
  async function announce(drop: Drop, raise: string | undefined): Promise<Announced> {
    const from = await joined().then(
      ({ id }) => id,
      () => null,
    )
    const number = ++count
    acks.expect(number)
    return { from, number, word: JSON.stringify({ from, number, drop, raise }) }
  }

  /** Once the word is out. Where it is not known who has to answer, everybody is waited for as long as they may trust their memory. */
  async function settle({ from, number }: Announced): Promise<void> {
    const untilMs = monotonicMs() + waitMs
    const mayAnswer = from !== null && from === member?.id
    const peers = mayAnswer ? ((await read(selectPeers, {}).catch(() => null)) as { id: string }[] | null) : null
    const others = peers?.map(({ id }) => id).filter((id) => id !== from) ?? null
    const silent = await acks.wait(number, others, untilMs - monotonicMs())
    acks.forget(number)
    if (silent.length === 0 || from !== member?.id) return
    log.info({ silent: silent.length }, 'a process did not say that it forgot a cached value; it is no longer waited for')
    read(evictPeers, { ids: silent }).catch(() => {}) // then the next one waits as long as this one did
  }

  return {
    trusted,
    trust: async () => {
      if (trusted()) return true
      await soon(renewed(), trustWaitMs)
      return trusted()
    },
    epoch: (scope) => epochs.get(scope) ?? 0,
    tell: async (drop, raise) => {
      const announced = await announce(drop, raise)
      const { word } = announced
      await (raise === undefined ? read(sayDrop, { word }) : read(raiseEpoch, { word, scope: raise }))
      await settle(announced)
    },
    tellWith: async (tx, drop, raise) => {
      const announced = await announce(drop, raise)
      const { word } = announced
      if (raise === undefined) tx.later(sayDrop, { word })
      else tx.later(raiseEpoch, { word, scope: raise })
      tx.afterCommit(() => settle(announced))
    },
    onForget: (listener) => {
      forget = listener
    },
    close: async () => {
      closed = true
      const last = member ?? (await joining?.catch(() => null)) ?? null
      member = null
      if (!last) return
      giveUp(last)
      await last.close()
      await read(leavePeers, { id: last.id }).catch(() => {}) // the others find out by waiting once
    },
  }
}

/** What is on its way to a connection that is no more will not come. */
function giveUp({ fences }: Membership): void {
  for (const { reject } of fences.values()) reject(new Error('the connection is closed'))
}

/** Waits for the end of it, well or not, but no longer than `ms`. */
async function soon(work: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, ms)
  await Promise.race([
    work.then(
      () => {},
      () => {},
    ),
    late.promise,
  ])
  clearTimeout(timer)
}
