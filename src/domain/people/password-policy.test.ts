import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commonPasswords } from './common-passwords.ts'
import { checkPassword } from './password-policy.ts'

const packages = createRequire(import.meta.url)
const jane = { username: 'jane.smith', email: 'j.smithers@example.com', words: ['Acme Dental', 'acme.example'] }
const verdict = (password: string): string => {
  try {
    checkPassword(password, jane)
    return 'fine'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** As the package of breached passwords packs them: each begins with so many characters of the one before. */
function unpacked(): string[] {
  const { Decoder } = packages('incremental-encoder').default
  return new Decoder().decode(packages('fxa-common-password-list/src/encoded-passwords').split('\n'))
}
const longEnough = (passwords: readonly string[]): string[] => passwords.filter((password) => [...password].length >= 10)

describe('the password policy', () => {
  test.for(['SecurePassword123!', 'correct staple horse', 'vG7-pq9-Zt1-rr', 'Zwölf Boxkämpfer', '密码安全测试通过了吧好'])(
    'takes %s',
    (password) => {
      expect(verdict(password)).toBe('fine')
    },
  )

  test.for([
    'short',
    'ninechars',
    'password123',
    'Password123',
    'PASSWORD1234',
    'P@ssw0rd123',
    'qwertyuiop',
    'qwerty-uiop-123',
    '1234567890',
    'abcdefghijkl',
    '9876543210',
    'aaaaaaaaaaaa',
    'abababababab',
    'xyz7xyz7xyz7',
    'jane.smith',
    'jane.smith1!',
    'j.smithers99',
    'iloveyou123',
    'Sommer2024',
    '0000000000001',
    'Patchbay-2026!',
    'P-a-t-c-h-b-a-y-99',
    '2031!!welcome',
    'Acme-Dental-2026',
  ])('refuses %s', (password) => {
    expect(verdict(password)).toBe('weak_password')
  })

  test('refuses every listed one, in any case', () => {
    fc.assert(
      fc.property(fc.constantFrom(...commonPasswords), fc.boolean(), (password, upper) => {
        expect(verdict(upper ? password.toUpperCase() : password)).toBe('weak_password')
      }),
    )
    expect(commonPasswords.size).toBeGreaterThan(500)
  })

  test('refuses the three thousand most common of its length that breaches brought up, in any case', () => {
    const measured = longEnough(unpacked())
    expect(measured.length).toBeGreaterThan(3_000)
    for (const password of measured) expect(verdict(password), password).toBe('weak_password')
    fc.assert(
      fc.property(fc.constantFrom(...measured), (password) => {
        expect(verdict(password.toUpperCase())).toBe('weak_password')
      }),
    )
  })

  test('lists only what its length would let through', () => {
    expect([...commonPasswords].filter((password) => password.length < 10)).toEqual([])
  })

  test('takes nearly everything that is random', () => {
    const random = fc.uint8Array({ minLength: 16, maxLength: 32 }).filter((bytes) => new Set(bytes).size > 12)
    fc.assert(
      fc.property(random, (bytes) => {
        expect(verdict(Buffer.from(bytes).toString('base64url'))).toBe('fine')
      }),
    )
  })
})
