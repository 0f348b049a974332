import { describe, expect, test } from 'vitest'
import { explain, explainOutput } from './error.ts'

describe('what stops the embedded PostgreSQL', () => {
  test.each([
    ['ENOSPC', 'No space is left'],
    ['EROFS', 'read-only'],
    ['EACCES', 'may not be read and written'],
    ['ENOTDIR', 'not a folder'],
  ])('the system says %s, and the sentence names the folder and the way out', (code, words) => {
    const sentence = String(explain(Object.assign(new Error('raw words'), { code }), '/data'))
    expect(sentence).toContain(words)
    expect(sentence).toContain('/data')
    expect(sentence).toContain('PATCHBAY_DATA')
    expect(sentence).not.toContain('raw words')
  })

  test('an error nobody foresaw is passed on as it is', () => {
    const error = new TypeError('a bug')
    expect(explain(error, '/data')).toBe(error)
  })

  test('a full disk in the words of PostgreSQL is a full disk', () => {
    const output = '2026-01-01 UTC [7] FATAL:  could not write lock file "postmaster.pid": No space left on device\n'
    expect(explainOutput('start', output, '/data').message).toMatch(/^No space is left on the disk that holds \/data/)
  })

  test('the last complaint is kept and its time and process id are not', () => {
    const output = '2026-01-01 UTC [7] LOG:  starting\n2026-01-01 UTC [7] FATAL:  lock file is empty\n2026-01-01 UTC [7] LOG:  shut down\n'
    expect(explainOutput('start', output, '/data').message).toBe('PostgreSQL could not start: lock file is empty')
    expect(explainOutput('start', '', '/data').message).toContain('did not say why')
  })
})
