// A connection that only listens. Nothing is ever asked of it, so a line that died silently would look like one on which
// nothing happens: it is asked for a sign of life again and again, and given up when none comes.
import pg from 'pg'

export interface Ear {
  close(): Promise<void>
}

const beatMs = 1_000
const answerMs = 2_000

export interface EarOptions {
  readonly config: pg.ClientConfig
  readonly channels: readonly string[]
  readonly onMessage: (channel: string, payload: string) => void
  readonly onAlive: () => void
  /** Called once, after which the connection is gone; not when it is closed. */
  readonly onLost: (error: Error) => void
}

/** @throws when it cannot be opened */
export async function openEar({ config, channels, onMessage, onAlive, onLost }: EarOptions): Promise<Ear> {
  const client = new pg.Client({ ...config, query_timeout: answerMs })
  let open = false
  let timer: NodeJS.Timeout | undefined
  const lose = (error: Error) => {
    clearInterval(timer)
    cut(client)
    if (!open) return
    open = false
    onLost(error)
  }
  client.on('error', lose)
  client.on('notification', (message) => onMessage(message.channel, message.payload ?? ''))
  try {
    await client.connect()
    for (const channel of channels) await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
  } catch (error) {
    cut(client)
    throw error
  }
  open = true
  let waiting = false
  const answered = () => {
    waiting = false
    onAlive()
  }
  timer = setInterval(() => {
    if (waiting) return
    waiting = true
    client.query('SELECT 1').then(answered, lose)
  }, beatMs)
  timer.unref()
  return {
    async close() {
      open = false
      clearInterval(timer)
      const impatient = setTimeout(() => cut(client), answerMs)
      await client.end()
      clearTimeout(impatient)
    },
  }
}

const cut = (client: pg.Client): void => (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
