import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openHeadcount } from './headcount.ts'
import { goOn } from './live.ts'

const server = createServer()
const here = openHeadcount(server)
const answers: ServerResponse[] = []
let port: number
const count = () => [here.waiting(), here.connections()]

beforeAll(async () => {
  server.on('request', (_request, response) => {
    here.add(response)
    answers.push(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  answers.length = 0
})
afterAll(() => server.close())

async function ask() {
  const request = get({ port, host: '127.0.0.1', agent: false })
  request.on('error', () => {}) // hung up on purpose
  await expect.poll(() => answers.length).toBe(1)
  return { request, answer: answers[0] as ServerResponse }
}

test('a connection counts while it is open, and who asks on it until there is an answer', async () => {
  const idle = connect(port, '127.0.0.1')
  await expect.poll(count).toEqual([0, 1])
  const { answer } = await ask()
  expect(count()).toEqual([1, 2])
  answer.end()
  await expect.poll(count).toEqual([0, 1])
  idle.destroy()
  await expect.poll(count).toEqual([0, 0])
})

test('a stream waits for nothing from its beginning, however it ends', async () => {
  for (const end of ['by itself', 'hung up'] as const) {
    answers.length = 0
    const { request, answer } = await ask()
    answer.flushHeaders()
    goOn(answer)
    expect(count()).toEqual([0, 0])
    if (end === 'by itself') answer.end()
    else request.destroy()
    await once(answer, 'close')
    await expect.poll(count).toEqual([0, 0])
  }
})

test('a stream whose caller had gone before it began is nobody’s', async () => {
  const { request, answer } = await ask()
  request.destroy()
  await once(answer, 'close')
  goOn(answer)
  await expect.poll(count).toEqual([0, 0])
  expect(count()).toEqual([0, 0])
})
