// Memory that is given back early must not be given back too early: who reads slowly gets every byte.
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../tests/support/until.ts'
import { freeWhenSent } from './free.ts'

let server: Server
let answer: (response: ServerResponse) => void
beforeEach(async () => {
  server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

/** More than the system takes at once, and nowhere the same. */
const long = (): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(40_000_000)
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(at, at)
  return bytes
}
async function ask(): Promise<Socket> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n')
  return socket
}

test('a client that reads nothing for a while gets all of it, and then nothing is left of it here', async () => {
  const body = long()
  const copy = Buffer.from(body)
  const asked = Promise.withResolvers<void>()
  answer = (response) => {
    freeWhenSent(response, body)
    response.end(body)
    asked.resolve()
  }
  const socket = await ask()
  await asked.promise
  // Others use whatever memory is free.
  for (let turn = 0; turn < 50; turn++) Buffer.allocUnsafeSlow(1_000_000).fill(0xff)
  expect(body.length).toBe(copy.length)
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part as Buffer)
  const whole = Buffer.concat(parts)
  expect(whole.subarray(whole.indexOf('\r\n\r\n') + 4).equals(copy)).toBe(true)
  await until('its memory is given back', async () => body.length === 0)
})

test('a client that goes away half-way takes nobody along', async () => {
  const body = long()
  const gone = Promise.withResolvers<void>()
  answer = (response) => {
    response.once('close', gone.resolve)
    freeWhenSent(response, body)
    response.end(body)
  }
  const socket = await ask()
  await once(socket, 'readable')
  socket.destroy()
  await gone.promise
  answer = (response) => response.end('here')
  const next = await ask()
  const [said] = await once(next, 'data')
  expect(String(said)).toContain('here')
  next.destroy()
})

test('what shares its memory with others is left alone', async () => {
  const body = Buffer.from('short, and in a pool')
  const ended = Promise.withResolvers<void>()
  answer = (response) => {
    freeWhenSent(response, body)
    response.once('finish', ended.resolve)
    response.end(body)
  }
  const socket = await ask()
  await ended.promise
  expect(body.toString()).toBe('short, and in a pool')
  socket.destroy()
})
