import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchKeySet } from '../../src/platform/auth/key-set.ts'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { partnerCertificate, partnerKey } from '../support/partner.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse({ env: { TLS_CERT: partnerCertificate, TLS_KEY: partnerKey } })
})
afterAll(() => house?.close())

type Wanted = { minVersion?: 'TLSv1' | 'TLSv1.2'; maxVersion?: 'TLSv1.1' | 'TLSv1.2'; ciphers?: string }
/** `@SECLEVEL=0`: this side would take anything, so that it is the server who refuses. */
function meet(wanted: Wanted): Promise<TLSSocket> {
  const { hostname: host, port } = new URL(house.url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), ca: partnerCertificate, checkServerIdentity: () => undefined, ...wanted }, () =>
      resolve(socket),
    )
    socket.once('error', reject)
  })
}

async function agreed(wanted: Wanted): Promise<string> {
  const socket = await meet(wanted)
  const found = `${socket.getProtocol()} ${socket.getCipher().standardName}`
  socket.destroy()
  return found
}

function answerTo(request: string): Promise<string> {
  return meet({}).then(
    (socket) =>
      new Promise((resolve, reject) => {
        let text = ''
        socket.setEncoding('latin1').on('data', (part) => {
          text += part
        })
        socket.once('end', () => resolve(text)).once('error', reject)
        socket.write(request)
      }),
  )
}

describe('a server with a certificate', () => {
  test('speaks TLS 1.3 where it can, 1.2 with suites of forward secrecy, and nothing older or weaker', async () => {
    expect(await agreed({})).toMatch(/^TLSv1\.3 /)
    expect(await agreed({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384')
    await expect(meet({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    })
    for (const ciphers of ['AES256-GCM-SHA384', 'AES128-SHA', 'ECDHE-RSA-AES128-SHA']) {
      const refused = meet({ maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })
      await expect(refused, ciphers).rejects.toMatchObject({ code: expect.stringContaining('HANDSHAKE_FAILURE') })
    }
  })

  test('tells browsers to come by https alone, whatever it answers', async () => {
    const hsts = /\r\nstrict-transport-security: max-age=63072000; includeSubDomains\r\n/i
    expect(await answerTo('GET /v1/users HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(hsts)
    expect(await answerTo('GET /reference HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toMatch(hsts)
    expect(await answerTo('this is no HTTP\r\n\r\n')).toMatch(hsts)
  })

  test('asks nothing of a server whose certificate it has no reason to trust', async () => {
    const asked = fetchKeySet(new URL('/.well-known/jwks.json', house.url), AbortSignal.timeout(10_000))
    await expect(asked).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } })
  })

  test('does not answer who speaks without TLS', async () => {
    await expect(fetch(house.url.replace('https:', 'http:'))).rejects.toThrow('fetch failed')
  })
})
