import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openEntrance } from './entrance.ts'

async function open() {
  const answers: ServerResponse[] = []
  const state = { draining: false }
  const server = createServer((_request, response) => {
    if (state.draining) response.setHeader('connection', 'close')
    answers.push(response)
    server.emit('asked')
  })
  const entrance = openEntrance({ server, listen: (where) => once(server.listen(where), 'listening') })
  const port = await entrance.open({ port: 0, host: '127.0.0.1' })
  return { server, answers, state, entrance, port, client: () => client(port), asked: () => once(server, 'asked') }
}

async function client(port: number): Promise<{ socket: Socket; ask(): void; heard(): string; gone: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part
  })
  const gone = once(socket, 'close')
  await once(socket, 'connect')
  return { socket, ask: () => void socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), heard: () => text, gone }
}

test('a connection that was idle when the door was shut has its next request answered, and is then closed', async () => {
  const { answers, state, entrance, client, asked } = await open()
  const caller = await client()
  let waiting = asked()
  caller.ask()
  await waiting
  answers[0]?.end('first')
  await expect.poll(caller.heard).toContain('first')
  state.draining = true
  const drained = entrance.drain(60_000)
  waiting = asked()
  caller.ask()
  await waiting
  answers[1]?.end('second')
  await Promise.all([caller.gone, drained])
  expect(caller.heard()).toMatch(/second$/)
  expect(caller.heard()).toMatch(/connection: close/i)
})

test('nobody new is let in; who stays idle is hung up on after a while, and who is being answered is not', async () => {
  const { server, answers, entrance, client, asked } = await open()
  const idle = await client()
  const busy = await client()
  const waiting = asked()
  busy.ask()
  await waiting
  const drained = entrance.drain(50)
  expect(server.listening).toBe(false)
  await idle.gone
  expect(busy.socket.destroyed).toBe(false)
  answers[0]?.setHeader('connection', 'close').end('at last')
  await Promise.all([busy.gone, drained])
  expect(busy.heard()).toMatch(/at last$/)
})

test.runIf(process.platform === 'linux')(
  'a crowd that connects at once is let in within a few turns of the loop, not one a turn',
  async () => {
    const { server, port, entrance } = await open()
    const crowd = 200
    let [inside, turns] = [0, 0]
    server.on('connection', () => {
      inside += 1
    })
    const callers = Array.from({ length: crowd }, () => connect(port, '127.0.0.1'))
    while (inside < crowd) {
      turns += 1
      await new Promise(setImmediate)
    }
    expect(turns).toBeLessThan(crowd / 4)
    for (const caller of callers) caller.destroy()
    await entrance.drain(0)
  },
)
