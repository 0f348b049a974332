// clamd as its manual has it (clamd(8)), on the wire.
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Stage, stage } from '../stage.ts'
import { eicar, openConversation } from './conversation.ts'

let here: Stage
beforeAll(async () => {
  here = await stage(() => ({ status: 204 }), { clamdMostBytes: 100 })
})
afterAll(() => here.close())

async function say(...bytes: (string | Buffer)[]): Promise<string> {
  const socket = connect(Number(new URL(here.clamdUrl).port), '127.0.0.1')
  await once(socket, 'connect')
  for (const each of bytes) socket.write(each)
  return text(socket)
}
function chunk(content: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, Buffer.from(content)])
}
const end = chunk('')

describe('clamd', () => {
  test('answers PING and VERSION, in the way that it was asked', async () => {
    expect(await say('zPING\0')).toBe('PONG\0')
    expect(await say('nPING\n')).toBe('PONG\n')
    expect(await say('zVERSION\0')).toMatch(/^ClamAV .+\0$/)
    expect(await say('PING\0')).toBe('UNKNOWN COMMAND\0')
    expect(await say('zSCAN /etc\0')).toBe('UNKNOWN COMMAND\0')
  })

  test('judges a stream when its last chunk, an empty one, has come', async () => {
    expect(await say('zINSTREAM\0', chunk('nothing'), chunk(' at all'), end)).toBe('stream: OK\0')
    expect(await say('nINSTREAM\n', chunk(eicar), end)).toBe('stream: Eicar-Test-Signature FOUND\n')
  })

  test('takes no more than it is set to', async () => {
    expect(await say('zINSTREAM\0', chunk('x'.repeat(60)), chunk('x'.repeat(40)), end)).toBe('stream: OK\0')
    expect(await say('zINSTREAM\0', chunk('x'.repeat(60)), chunk('x'.repeat(41)))).toBe('INSTREAM size limit exceeded. ERROR\0')
  })

  test('says the same however the bytes arrive', () => {
    const contents = fc.array(
      fc.string({ maxLength: 20 }).map((words) => words.replace(/[^ -~]/g, '.')),
      { maxLength: 5 },
    )
    fc.assert(
      fc.property(
        contents,
        fc.nat(5),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (words, at, bad, steps) => {
          const all = (bad ? words.toSpliced(at, 0, eicar.slice(0, 40), eicar.slice(40)) : words).filter((word) => word !== '')
          const wire = Buffer.concat([Buffer.from('zINSTREAM\0'), ...all.map(chunk), end])
          const conversation = openConversation(1000)
          const said: string[] = []
          for (let from = 0, step = 0; from < wire.length; step++) {
            const to = from + (steps[step % steps.length] ?? 1)
            const words = conversation.hear(wire.subarray(from, to))
            if (words !== null) said.push(words)
            from = to
          }
          expect(said).toEqual([bad ? 'stream: Eicar-Test-Signature FOUND\0' : 'stream: OK\0'])
        },
      ),
    )
  })

  test.each([
    ['silent', ''],
    ['reset', ''],
    ['cut off', 'stream: '],
    ['nonsense', 'what did you say?\0'],
    ['slow', 'stream: OK\0'],
  ])('goes wrong as it is told (%s), once', async (scan, answer) => {
    await here.control('POST', '/sandbox/faults', { scan, count: 1, delayMs: 10 })
    const wrong = say('zINSTREAM\0', chunk('x'), end).catch(() => '')
    if (scan === 'silent') expect(await Promise.race([wrong, say('zPING\0')])).toBe('PONG\0')
    else expect(await wrong).toBe(answer)
    expect(await say('zINSTREAM\0', chunk('x'), end)).toBe('stream: OK\0')
  })
})
