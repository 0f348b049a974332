// What happens when the server that is called misbehaves: dead, slow, wrong, or back again after a while.
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type App, type Got, type Reply, type Stage, stage, startApp } from '../stage.ts'

const running: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
})

async function on(reply: (got: Got) => Reply | Promise<Reply>): Promise<Stage> {
  const one = await stage(reply)
  running.push(one)
  return one
}

async function other(here: Stage, reply: (got: Got) => Reply, port = 0): Promise<App> {
  const app = await startApp(here.world.settings.authToken, reply, port)
  running.push(app)
  return app
}

const host = (here: Stage, voiceUrl: string, more: Record<string, string> = {}) =>
  here.control('POST', '/sandbox/numbers', { phoneNumber: here.number, voiceUrl, ...more })
/** Holds a port and hangs up on so many connections; `done` once it has, with the port free again. */
async function hangsUp(port: number, times: number): Promise<{ done: Promise<void> }> {
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let left = times
  const server = createServer((socket) => {
    socket.destroy()
    left -= 1
    if (left === 0) server.close(() => resolve())
  })
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  return { done }
}

const codes = (call: { events: { type: string; code?: number }[] }) =>
  call.events.filter((event) => event.type === 'error').map((event) => event.code)
const deadUrl = 'http://127.0.0.1:1/voice'
const apology = 'We are sorry. An application error has occurred. Goodbye.'
const goodbye = '<Response><Say>Goodbye.</Say></Response>'

describe('a server that cannot be reached', () => {
  test('is tried once more, then the caller hears of an application error and the call has failed', async () => {
    const here = await on(() => ({ status: 204 }))
    await host(here, deadUrl, { statusCallback: `${here.app.url}/status` })
    const call = await here.ring({ script: [] })
    expect(call).toMatchObject({ status: 'failed', heard: [apology] })
    expect(call.exchanges.find((exchange) => exchange.url === deadUrl)).toMatchObject({ attempts: 2, status: null })
    expect(codes(call)).toEqual([11205])
    expect(here.app.at('/status')[0]?.params.CallStatus).toBe('failed')
  })

  test('is replaced by the fallback address, which is told what went wrong', async () => {
    const here = await on(() => goodbye)
    await host(here, deadUrl, { voiceFallbackUrl: `${here.app.url}/fallback` })
    const call = await here.ring({ script: [] })
    expect(call).toMatchObject({ status: 'completed', heard: ['Goodbye.'] })
    expect(here.app.at('/fallback')[0]?.params).toMatchObject({ ErrorCode: '11205', ErrorUrl: deadUrl })
  })

  test('that dies in the middle of a call is tried for as long as the setting says, and the call goes on when it is back', async () => {
    const here = await on(() => ({ status: 204 }))
    await here.control('POST', '/sandbox/webhooks', { retryForS: 10, retryEveryMs: 20 })
    const first = await startApp(
      here.world.settings.authToken,
      () => `<Response><Gather input="speech" action="/next"><Say>Hello?</Say></Gather></Response>`,
    )
    await host(here, `${first.url}/voice`)
    const { body } = await here.control('POST', '/sandbox/calls', { to: here.number, interactive: true })
    await expect
      .poll(async () => (await here.control('GET', `/sandbox/calls/${body.sid}`)).body.events.some((event) => event.type === 'listening'))
      .toBe(true)
    await first.close()
    const port = Number(new URL(first.url).port)
    const broken = await hangsUp(port, 4)
    await here.control('POST', `/sandbox/calls/${body.sid}/say`, { text: 'Are you there' })
    await broken.done
    const second = await other(here, () => goodbye, port)
    const call = await here.settled(body.sid)
    expect(call).toMatchObject({ status: 'completed', heard: ['Hello?', 'Goodbye.'] })
    expect(second.at('/next')[0]?.params.SpeechResult).toBe('Are you there')
  })

  test('retries carry the same idempotency token', async () => {
    let asked = 0
    const here = await on(() => {
      asked += 1
      return asked === 1 ? { status: 503, type: 'text/xml', body: '' } : goodbye
    })
    await host(here, `${here.app.url}/voice#rc=2&rp=5xx`)
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual(['Goodbye.'])
    const [one, two] = here.app.at('/voice').map((got) => got.headers['i-twilio-idempotency-token'])
    expect(one).toMatch(/^[0-9a-f-]{36}$/)
    expect(two).toBe(one)
    expect(here.app.at('/voice').every((got) => got.signed)).toBe(true)
  })

  test('a slow answer is given up after the read timeout of the address', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const here = await on(async () => {
      await held
      return goodbye
    })
    await host(here, `${here.app.url}/voice#rt=120&rc=0`)
    const call = await here.ring({ script: [] })
    release()
    expect(codes(call)).toEqual([11205])
  })
})

describe('a server that answers wrongly', () => {
  test.each([
    [11200, { status: 500, type: 'text/xml', body: goodbye }],
    [11200, { status: 404, type: 'text/plain', body: 'nothing here' }],
    [12300, { status: 200, type: 'application/json', body: '{}' }],
    [12300, { status: 200, body: goodbye }],
    [12100, { status: 200, type: 'text/xml', body: '<Response><Say>Hi</Response>' }],
    [12100, { status: 200, type: 'text/xml', body: '' }],
    [12100, { status: 200, type: 'text/xml', body: '<Answer/>' }],
  ])('error %i', async (code, reply) => {
    const here = await on(() => reply)
    const call = await here.ring({ script: [] })
    expect(codes(call)[0]).toBe(code)
    expect(call).toMatchObject({ status: 'failed', heard: [apology] })
  })

  test('an attribute that the schema does not know is a warning, and the call goes on', async () => {
    const here = await on(() => '<Response><Say volume="11">Loud.</Say></Response>')
    const call = await here.ring({ script: [] })
    expect(codes(call)[0]).toBe(12200)
    expect(call).toMatchObject({ status: 'completed', heard: ['Loud.'] })
  })

  test('a document that redirects to itself for ever ends', async () => {
    const here = await on((got) => (got.path === '/voice' ? '<Response><Redirect>/voice</Redirect></Response>' : { status: 204 }))
    const call = await here.ring({ script: [] })
    expect(call.status).toBe('failed')
    expect(here.app.at('/voice')).toHaveLength(500)
  })

  test('a redirect of HTTP is followed, as a GET that is signed for where it goes', async () => {
    const here = await on((got) => (got.path === '/voice' ? { status: 302, headers: { location: '/moved?x=1' } } : goodbye))
    const call = await here.ring({ script: [] })
    expect(call.heard).toEqual(['Goodbye.'])
    expect(here.app.at('/moved')[0]).toMatchObject({ method: 'GET', signed: true, params: { x: '1' } })
  })

  test('a webhook asked for by GET carries its fields in the signed address', async () => {
    const here = await on((got) =>
      got.path === '/next' ? goodbye : '<Response><Redirect method="GET">/next?a=b%20c</Redirect></Response>',
    )
    await here.ring({ from: '+447700900123', script: [] })
    expect(here.app.at('/next')[0]).toMatchObject({ method: 'GET', signed: true, params: { a: 'b c', From: '+447700900123' } })
  })
})
