// Reads server-sent events as a browser would: one at a time, as they come.
export interface Heard {
  readonly id: string
  readonly data: unknown
}

export interface EventReader {
  readonly status: number
  readonly headers: Headers
  /** Waits for the next one; comments (heartbeats) are none. */
  next(): Promise<Heard>
  close(): void
}

export async function readEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const ended = new AbortController()
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: ended.signal })
  const events = eventsOf(response)
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      const { value, done } = await events.next()
      if (done) throw new Error('the stream has ended')
      return value
    },
    close: () => ended.abort(),
  }
}

async function* eventsOf(response: Response): AsyncGenerator<Heard, void> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const heard = heardIn(text.slice(0, end))
      text = text.slice(end + 2)
      if (heard) yield heard
    }
  }
}

function heardIn(block: string): Heard | null {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
  )
  const data = fields.get('data')
  return data === undefined ? null : { id: fields.get('id') ?? '', data: JSON.parse(data) }
}
