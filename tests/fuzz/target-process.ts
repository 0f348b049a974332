// The server under test, seen from the run: starts it, asks it, ends it.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { World } from './credentials.ts'
import type { Figures, Question, TargetInput } from './target.ts'

export interface Target {
  world(): Promise<World>
  more(): Promise<World['known']>
  figures(): Promise<Figures>
  stop(): Promise<void>
}

export async function startTarget(input: TargetInput = {}): Promise<Target> {
  const file = fileURLToPath(new URL('target.ts', import.meta.url))
  const child = fork(file, [JSON.stringify(input)], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const heard = async (): Promise<unknown> => {
    const done = new AbortController()
    try {
      return await Promise.race([
        once(child, 'message', { signal: done.signal }).then(([message]) => message),
        once(child, 'exit', { signal: done.signal }).then(([code, by]) =>
          Promise.reject(new Error(`the server under test ended with ${code ?? by}`)),
        ),
      ])
    } finally {
      done.abort()
    }
  }
  const ask = async <Answer>(question: Question): Promise<Answer> => {
    const answer = heard()
    child.send(question)
    const said = (await answer) as Answer | { readonly error: string } // the one border: both ends of the pipe are in this folder
    if (typeof said === 'object' && said !== null && 'error' in said) throw new Error(`the server under test: ${said.error}`)
    return said as Answer
  }
  await heard()
  return {
    world: () => ask('world'),
    more: () => ask('more'),
    figures: () => ask('figures'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}
