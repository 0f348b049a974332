import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLogger } from './index.ts'

function capture(options: { pretty?: boolean; bindings?: Record<string, unknown> } = {}) {
  const lines: string[] = []
  const log = createLogger({ level: 'debug', destination: { write: (line) => void lines.push(line) }, ...options })
  return { log, lines, text: () => lines.join(''), fields: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') }
}

describe('the log', () => {
  test('no number, e-mail address or name gets into it, by whichever door', () => {
    const number = fc.stringMatching(/^\+[1-9]\d{7,14}$/)
    fc.assert(
      fc.property(number, fc.emailAddress(), fc.constantFrom('Ada Lovelace', 'Zoë Ångström'), (phone, email, name) => {
        const { log, lines, text } = capture()
        log.info(`call from ${phone} (${email})`)
        log.info('call from %s, %s', phone, email)
        log.info({ from: phone, user: { email, name } }, `for ${email}`)
        log.error(new Error(`no such user ${phone} ${email}`))
        log.error({ err: new Error(`no such user ${phone}`, { cause: new Error(email) }) })
        log.child({ caller: phone, email }).warn('late')
        log.info({ [email]: phone })
        log.info('%j', { email, phone })
        log.info({ req: { method: 'GET', url: `/v1/users?q=${encodeURIComponent(email)}&name=${name}`, headers: { email } } })
        expect(lines).toHaveLength(9)
        for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
        for (const secret of [phone, phone.slice(1), email, encodeURIComponent(email), name]) expect(text()).not.toContain(secret)
      }),
    )
  })

  test('the request id of a child stands on each of its lines', () => {
    const { log, fields } = capture({ bindings: { service: 'patchbay' } })
    log.child({ requestId: 'req_1' }).info({ status: 200 }, 'answered')
    expect(fields()).toMatchObject({ level: 'info', service: 'patchbay', requestId: 'req_1', status: 200, msg: 'answered' })
    expect(fields().time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  })

  test('an error is told with its type, message, stack and cause', () => {
    const { log, fields } = capture()
    log.error({ err: new RangeError('too far', { cause: new Error('below') }) }, 'failed')
    expect(fields()).toMatchObject({ msg: 'failed', err: { type: 'RangeError', message: 'too far', cause: { message: 'below' } } })
    log.error(new RangeError('too far'))
    expect(fields()).toMatchObject({ msg: 'too far', err: { type: 'RangeError' } })
  })

  test('for a person at a terminal it is one line of words', () => {
    const { log, text } = capture({ pretty: true })
    log.info({ port: 8080 }, 'listening')
    expect(text()).toMatch(/^\d\d:\d\d:\d\d INFO {2}listening port=8080\n$/)
  })

  test('a caller cannot begin a line of it, nor speak to the terminal that shows it', () => {
    const control = fc.constantFrom('\n', '\r\n', '\r', '\u001b[2J', '\u009b2J', '\u0085', '\u2028', '\u0000', '\u0007')
    fc.assert(
      fc.property(control, fc.boolean(), (bad, pretty) => {
        const { log, text } = capture({ pretty })
        log.warn({ agent: `a${bad}{"level":"info"}` }, `from b${bad}c`)
        log.child({ requestId: `d${bad}e` }).info('%s', `f${bad}g`)
        const shown = text()
        expect(shown.split('\n')).toHaveLength(3)
        if (pretty) expect(shown.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
        else for (const line of shown.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
      }),
    )
  })
})
