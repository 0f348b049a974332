import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { openTracing } from './index.ts'

async function collector() {
  const bodies: { path: string; text: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    bodies.push({ path: request.url ?? '', text: Buffer.concat(chunks).toString() })
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  return { bodies, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
}

test('without a collector a span is only its function', async () => {
  const tracing = await openTracing({ service: 'patchbay', version: '0' })
  expect(await tracing.span('work', {}, async () => 7)).toBe(7)
  await tracing.close()
})

test('with one, spans arrive there, failed ones as failed, and an error goes on to the caller', async () => {
  const { bodies, url } = await collector()
  const tracing = await openTracing({ otlp: url, service: 'patchbay', version: '0' })
  const failing = tracing.span('booking.confirm', { job: 1 }, async () => {
    throw new Error('no number +447700900123')
  })
  await expect(failing).rejects.toThrow('no number')
  await tracing.close()
  expect(bodies.map((body) => body.path)).toContain('/v1/traces')
  const sent = bodies.map((body) => body.text).join('')
  expect(sent).toContain('booking.confirm')
  expect(sent).toContain('patchbay')
  expect(sent).not.toContain('7700900')
})
