// Reads a multipart form that is already in memory (RFC 7578). Answers null when it is none.

export interface Part {
  filename: string | null
  contentType: string
  content: Buffer
}

/** The parts by name; a repeated name keeps its last. */
export function readMultipart(contentType: string, body: Buffer): Map<string, Part> | null {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]{1,70})"?/i.exec(contentType)?.[1]
  if (!boundary) return null
  const parts = new Map<string, Part>()
  const delimiter = Buffer.from(`--${boundary}`)
  let at = body.indexOf(delimiter)
  while (at !== -1) {
    const next = body.indexOf(delimiter, at + delimiter.length)
    if (next === -1) return parts
    const part = body.subarray(at + delimiter.length + 2, next - 2)
    const blank = part.indexOf('\r\n\r\n')
    const head = blank === -1 ? '' : part.toString('utf8', 0, blank)
    const name = /\bname="([^"]*)"/.exec(head)?.[1]
    if (name !== undefined) {
      parts.set(name, {
        filename: /\bfilename="([^"]*)"/.exec(head)?.[1] ?? null,
        contentType: /^content-type:\s*(\S+)/im.exec(head)?.[1] ?? 'text/plain',
        content: part.subarray(blank + 4),
      })
    }
    at = next
  }
  return null
}
