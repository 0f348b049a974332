// A request as bytes: what the planner makes, the wire sends, the report shows and the replay reads.

export const kinds = ['valid', 'mutated', 'raw', 'headers', 'address', 'forged', 'webhook', 'stream'] as const
export type Kind = (typeof kinds)[number]

export interface Made {
  readonly number: number
  readonly kind: Kind
  /** What is odd about it, in words. */
  readonly note: string
  readonly method: string
  /** As it stands in the request line. */
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer | null
  /** Breaks the framing: it goes over a connection of its own, whose end is an answer too. */
  readonly breaksFraming: boolean
  /** Proves nothing, or wrongly: a 2xx would be an open door. */
  readonly mustNotPass: boolean
}

/** In latin1, so that whatever bytes were chosen are the bytes that are sent. */
export function bytesOf({ method, target, headers, body }: Pick<Made, 'method' | 'target' | 'headers' | 'body'>): Buffer {
  const head = `${method} ${target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return body ? Buffer.concat([Buffer.from(head, 'latin1'), body]) : Buffer.from(head, 'latin1')
}
