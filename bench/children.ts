// Contenders and load generators are processes of their own, so that each pays for itself alone. Parent and child
// speak by messages: a server says where it listens and what CPU and memory it uses; a generator says what it measured.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Nothing that is asked of a child takes longer: a child that hangs fails the run. */
const patienceMs = 60_000

export interface Child {
  ask<Answer>(question: object): Promise<Answer>
  stop(): Promise<void>
}

export async function startChild(file: string, input: object): Promise<Child> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const process = fork(path, [JSON.stringify(input)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await heard(process) // the child is ready
  return {
    async ask<Answer>(question: object): Promise<Answer> {
      const answer = heard(process)
      process.send(question)
      return (await answer) as Answer // the one border: both ends of the pipe are in this folder
    },
    async stop() {
      if (process.exitCode !== null) return
      const gone = once(process, 'exit')
      process.disconnect()
      await gone
    },
  }
}

async function heard(child: ChildProcess): Promise<unknown> {
  const done = new AbortController()
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(patienceMs)])
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`a child of the bench ended with ${code}`))),
    ])
  } finally {
    done.abort()
  }
}

/** In the child: what the parent handed over. */
export const inputOf = <Input>(): Input => JSON.parse(process.argv[2] ?? '{}') as Input

/** In the child: says that it is ready, then answers every question until the parent lets go. */
export function answerParent<Question>(answer: (question: Question) => Promise<object> | object, close: () => Promise<void> | void): void {
  process.on('message', async (question: Question) => {
    process.send?.(await answer(question))
  })
  process.once('disconnect', async () => {
    await close()
    process.exit(0)
  })
  process.send?.({ ready: true })
}

export interface Figures {
  readonly port: number
  readonly cpuMicros: number
  readonly rssMib: number
}

/** In a contender: where it listens, and the CPU it has used so far. */
export function answerAsServer(port: number, close: () => Promise<void> | void): void {
  answerParent((): Figures => {
    const { user, system } = process.cpuUsage()
    return { port, cpuMicros: user + system, rssMib: process.memoryUsage.rss() / 2 ** 20 }
  }, close)
}
