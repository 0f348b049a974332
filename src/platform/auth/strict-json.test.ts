import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasRepeatedKey } from './strict-json.ts'

describe('a key that stands twice', () => {
  test('is never seen in what JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hasRepeatedKey(JSON.stringify(value))).toBe(false)
      }),
    )
  })

  test('is found at any depth, however it is spelled', () => {
    const depth = fc.integer({ min: 0, max: 5 })
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), depth, (key, value, deep) => {
        const name = JSON.stringify(key)
        const escaped = key.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        const spelled = `"${escaped}"`
        const inner = `{${name}:${JSON.stringify(value)}, ${spelled} : 1}`
        const text = `${'{"a":['.repeat(deep)}${inner}${']}'.repeat(deep)}`
        JSON.parse(text)
        expect(hasRepeatedKey(text)).toBe(true)
      }),
    )
  })

  test('is not confused with the same key of another object, or with values', () => {
    expect(hasRepeatedKey('{"a":{"a":["a","a"]},"b":[{"a":1},{"a":1}],"c":"\\"a\\":1,"}')).toBe(false)
  })
})
