import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openVault } from '../secrets/index.ts'
import { unwrap, wrap } from './envelope.ts'

const sign = openVault({ key: 'a long enough key for the tests', previous: [] }).signer('cache')
const key = fc.string({ maxLength: 40 })
const now = 1_000_000

test('what was put in comes out, under its own key and before its time is over', () => {
  fc.assert(
    fc.property(key, fc.jsonValue(), (name, value) => {
      const wrapped = wrap(sign, name, now + 1, value)
      expect(unwrap(sign, name, now, wrapped)).toEqual({ value: JSON.parse(JSON.stringify(value)), expiresMs: now + 1 })
      expect(unwrap(sign, name, now + 1, wrapped)).toBeNull()
    }),
  )
})

test('under another key, another organisation’s among them, it is nothing', () => {
  fc.assert(
    fc.property(key, key, fc.jsonValue(), (name, other, value) => {
      fc.pre(name !== other)
      expect(unwrap(sign, other, now, wrap(sign, name, now + 1, value))).toBeNull()
    }),
  )
  expect(unwrap(sign, 'user:0.0:200:1', now, wrap(sign, 'user:0.0:100:1', now + 1, { name: 'Ada' }))).toBeNull()
})

test('with anything changed, cut off or put before it, it is nothing', () => {
  fc.assert(
    fc.property(key, fc.jsonValue(), fc.nat(), fc.string({ minLength: 1, maxLength: 3 }), (name, value, where, what) => {
      const wrapped = wrap(sign, name, now + 1, value)
      const at = where % wrapped.length
      for (const changed of [wrapped.slice(0, at) + what + wrapped.slice(at + what.length), wrapped.slice(0, at), what + wrapped])
        if (changed !== wrapped) expect(unwrap(sign, name, now, changed)).toBeNull()
    }),
  )
})
