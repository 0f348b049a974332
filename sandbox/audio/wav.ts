// Writes and reads WAV files: RIFF, PCM, 16 bits, one channel or two, with the spoken words in a LIST/INFO chunk
// (ICMT), which is how the transcription here knows what was said. Refuses what is no WAV by answering null.

export interface WavInfo {
  channels: number
  sampleRate: number
  bitsPerSample: number
  durationMs: number
  /** The words in the comment chunk, when there are any. */
  words: string | null
}

/** Interleaves the channels, which all have the same length. */
export function writeWav(channels: Int16Array[], sampleRate: number, words: string): Buffer {
  const length = channels[0]?.length ?? 0
  const data = Buffer.alloc(length * channels.length * 2)
  for (const [index, channel] of channels.entries()) {
    for (let n = 0; n < length; n += 1) data.writeInt16LE(channel[n] ?? 0, (n * channels.length + index) * 2)
  }
  const info = chunk('LIST', Buffer.concat([Buffer.from('INFO'), chunk('ICMT', Buffer.from(`${words}\0`, 'utf8'))]))
  const body = Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format(channels.length, sampleRate)), info, chunk('data', data)])
  return chunk('RIFF', body)
}

function format(channels: number, sampleRate: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(1, 0)
  bytes.writeUInt16LE(channels, 2)
  bytes.writeUInt32LE(sampleRate, 4)
  bytes.writeUInt32LE(sampleRate * channels * 2, 8)
  bytes.writeUInt16LE(channels * 2, 12)
  bytes.writeUInt16LE(16, 14)
  return bytes
}

// A chunk of odd length is padded by one byte that its length does not count.
function chunk(name: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.write(name, 0, 'latin1')
  head.writeUInt32LE(content.length, 4)
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)])
}

export function readWav(file: Buffer): WavInfo | null {
  if (file.length < 12 || file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return null
  const found = new Map<string, Buffer>()
  for (let at = 12; at + 8 <= file.length; ) {
    const length = file.readUInt32LE(at + 4)
    found.set(file.toString('latin1', at, at + 4), file.subarray(at + 8, at + 8 + length))
    at += 8 + length + (length % 2)
  }
  const fmt = found.get('fmt ')
  const data = found.get('data')
  if (!fmt || fmt.length < 16 || !data) return null
  const bytesPerSecond = fmt.readUInt32LE(8)
  return {
    channels: fmt.readUInt16LE(2),
    sampleRate: fmt.readUInt32LE(4),
    bitsPerSample: fmt.readUInt16LE(14),
    durationMs: bytesPerSecond > 0 ? (data.length * 1000) / bytesPerSecond : 0,
    words: comment(found.get('LIST')),
  }
}

function comment(list: Buffer | undefined): string | null {
  if (list?.toString('latin1', 0, 4) !== 'INFO') return null
  for (let at = 4; at + 8 <= list.length; ) {
    const length = list.readUInt32LE(at + 4)
    if (list.toString('latin1', at, at + 4) === 'ICMT') return list.toString('utf8', at + 8, at + 8 + length).replace(/\0+$/, '')
    at += 8 + length + (length % 2)
  }
  return null
}
