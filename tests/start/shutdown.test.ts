// Stopping: what runs is finished, what hangs does not keep the server.
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { openTestHouse } from '../support/house.ts'

test('a client that never reads its answer does not keep the server from stopping', async () => {
  const house = await openTestHouse()
  const unread = await house.request('GET', '/v1/users/1', { token: await house.token() })
  expect(unread.status).toBe(404)
  const stuck = connect(Number(new URL(house.url).port), '127.0.0.1')
  stuck.on('error', () => {})
  stuck.write(
    'POST /appointments HTTP/1.1\r\nHost: x\r\nX-API-Key: nobody-knows-this-key\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":',
  )
  await new Promise((resolve) => stuck.once('data', resolve))
  const began = performance.now()
  await house.close()
  expect(performance.now() - began).toBeLessThan(8_000)
  stuck.destroy()
})
