// The floor: node:http alone. It checks nobody, counts nothing, asks no database, and says one thing per path.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerAsServer, inputOf } from '../children.ts'

const { bodies } = inputOf<{ bodies: Readonly<Record<string, unknown>> }>()
const server = createServer((request, response) => {
  const text = JSON.stringify(bodies[request.url ?? ''])
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
})
server.listen(0, '127.0.0.1', () => {
  answerAsServer((server.address() as AddressInfo).port, () => server.closeAllConnections())
})
