// Whether the port can be had, and in words why not. Asked once before anything is started, which is when it helps most.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Settings } from '../platform/config/index.ts'
import { portHolder } from './port-holder.ts'
import { CommandError } from './terminal.ts'

/** @throws CommandError */
export async function tryPort({ port, host }: Settings): Promise<void> {
  if (port === 0) return
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    throw portTrouble(error, { port, host })
  }
  probe.close()
  await once(probe, 'close')
}

export function portTrouble(error: unknown, { port, host }: Pick<Settings, 'port' | 'host'>): CommandError {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'EADDRINUSE') {
    const holder = portHolder(port)
    const another = port < 65_000 ? port + 1 : 8080
    return new CommandError(
      `Port ${port} is taken by ${holder ?? 'another process'}. Stop it, or choose another port: PORT=${another} npm start.`,
    )
  }
  if (code === 'EACCES')
    return new CommandError(`Port ${port} needs privileges that this user does not have. Choose one above 1023: PORT=8080 npm start.`)
  return new CommandError(`Patchbay cannot listen on ${host}:${port}: ${message}.`)
}
