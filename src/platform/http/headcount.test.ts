import { once } from 'node:events'
import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openHeadcount } from './headcount.ts'
import { goOn } from './live.ts'

const server = createServer()
const here = openHeadcount()
const answers: ServerResponse[] = []
let port: number

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

test('whoever asks waits until there is an answer', async () => {
  const { answer } = await ask()
  expect(here.waiting()).toBe(1)
  answer.end()
  await expect.poll(here.waiting).toBe(0)
})

test('a stream waits for nothing from its beginning, however it ends', async () => {
  for (const end of ['by itself', 'hung up'] as const) {
    answers.length = 0
    const { request, answer } = await ask()
    answer.flushHeaders()
    goOn(answer)
    expect(here.waiting()).toBe(0)
    if (end === 'by itself') answer.end()
    else request.destroy()
    await once(answer, 'close')
    await expect.poll(here.waiting).toBe(0)
  }
})

test('a stream whose caller had gone before it began is nobody’s', async () => {
  const { request, answer } = await ask()
  request.destroy()
  await once(answer, 'close')
  goOn(answer)
  await expect.poll(here.waiting).toBe(0)
  expect(here.waiting()).toBe(0)
})
