// A carrier that does whatever it is asked: what a live call needs behind it while roles are tried out on it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function openCarrier(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ sid: 'CA00000000000000000000000000000000', status: 'in-progress' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
