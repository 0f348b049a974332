import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openVault } from './index.ts'

const key = 'a long enough key for the tests'
const older = 'the key that was used before this'
const vault = openVault({ key, previous: [] })
const unreadable = expect.objectContaining({ code: 'secret_unreadable' })

// The last character of a base64url text carries unused bits, so that two spellings can mean the same bytes.
const meaning = (sealed: string) =>
  sealed
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.')

describe('sealing', () => {
  test('any text comes back as it was, and is not in the sealed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), fc.string(), (plain, context) => {
        const sealed = vault.seal(plain, context)
        expect(vault.open(sealed, context)).toBe(plain)
        expect(sealed).not.toContain(Buffer.from(plain).toString('base64url'))
      }),
    )
  })

  test('the same secret never looks the same twice', () => {
    expect(vault.seal('whsec_1234', 'webhook:1')).not.toBe(vault.seal('whsec_1234', 'webhook:1'))
  })

  test('a sealed text with any one character changed does not open', () => {
    const sealed = vault.seal('whsec_1234567890', 'webhook:1')
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom('A', 'Q', 'z', '.', '-', '0'), (at, other) => {
        const changed = sealed.slice(0, at) + other + sealed.slice(at + 1)
        fc.pre(meaning(changed) !== meaning(sealed))
        expect(() => vault.open(changed, 'webhook:1')).toThrow(unreadable)
      }),
    )
  })

  test('a sealed text that was cut short does not open', () => {
    const sealed = vault.seal('whsec_1234567890', 'webhook:1')
    for (let length = 0; length < sealed.length; length++)
      expect(() => vault.open(sealed.slice(0, length), 'webhook:1')).toThrow(unreadable)
  })

  test('a sealed text moved to another place does not open', () => {
    const sealed = vault.seal('whsec_1234567890', 'webhook:1')
    expect(() => vault.open(sealed, 'webhook:2')).toThrow(unreadable)
  })

  test('the refusal tells the caller nothing of the place or the text', () => {
    try {
      vault.open(vault.seal('whsec_1234567890', 'webhook:1'), 'webhook:2')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toMatch(/webhook|whsec/)
    }
  })
})

describe('rotation', () => {
  const before = openVault({ key: older, previous: [] })
  const after = openVault({ key, previous: [older] })

  test('what the previous key sealed still opens, and asks to be sealed again', () => {
    const sealed = before.seal('sk_live', 'provider:twilio')
    expect(after.open(sealed, 'provider:twilio')).toBe('sk_live')
    expect(after.needsReseal(sealed)).toBe(true)
    expect(after.needsReseal(after.seal('sk_live', 'provider:twilio'))).toBe(false)
  })

  test('once the previous key is gone, so is what it sealed', () => {
    expect(() => vault.open(before.seal('sk_live', 'provider:twilio'), 'provider:twilio')).toThrow(unreadable)
  })

  test('a signature made before the rotation is still known', () => {
    const signature = before.signer('links')('text')
    expect(after.verifier('links')('text', signature)).toBe(true)
    expect(vault.verifier('links')('text', signature)).toBe(false)
  })
})

describe('signing', () => {
  test('a signature is for one text and one purpose', () => {
    const signature = vault.signer('links')('text')
    expect(vault.verifier('links')('text', signature)).toBe(true)
    expect(vault.verifier('links')('other', signature)).toBe(false)
    expect(vault.verifier('tickets')('text', signature)).toBe(false)
  })

  test('nothing but the signature itself is taken', () => {
    const signature = vault.signer('links')('text')
    fc.assert(fc.property(fc.string(), (forged) => !vault.verifier('links')('text', forged)))
    expect(vault.verifier('links')('text', `${signature}=`)).toBe(false)
    expect(vault.verifier('links')('text', '')).toBe(false)
  })
})

describe('the rest', () => {
  test('only the last four characters of a secret are shown, and none of a short one', () => {
    expect(vault.hint('whsec_abcdefgh1234')).toBe('1234')
    expect(vault.hint('short')).toBe('')
  })

  test('a key too short to protect anything is refused', () => {
    expect(() => openVault({ key: 'short', previous: [] })).toThrow(RangeError)
  })
})
