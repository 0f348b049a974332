// Which passwords are refused: short ones, common ones, those made of the user's own name, and those without any variety.
// NIST SP 800-63B: length and a list of known passwords, no rules about kinds of characters.
import { refuse } from '../../platform/errors/index.ts'
import { isBreached } from './breached-passwords.ts'
import { commonPasswords } from './common-passwords.ts'

const shortest = 10
/** Below this many different characters a password of any length is a pattern. */
const fewestDifferent = 4

export interface PasswordOwner {
  readonly username: string
  readonly email: string
  /** What everybody who knows the place would try: names of the organisation. This product's own is always among them. */
  readonly words?: readonly string[]
}

/** @throws weak_password, saying what is wrong with it */
export function checkPassword(password: string, owner: PasswordOwner): void {
  const complaint = complaintAbout(password, owner)
  if (complaint) refuse('weak_password', { problems: [{ in: 'body', path: ['password'], message: complaint, rule: 'password' }] })
}

function complaintAbout(password: string, { username, email, words = [] }: PasswordOwner): string | null {
  if ([...password].length < shortest) return `must have at least ${shortest} characters`
  const lower = password.normalize('NFKC').toLowerCase()
  const bare = lower.replace(/[^\p{L}\p{N}]/gu, '')
  if (commonPasswords.has(lower) || commonPasswords.has(bare)) return 'is one of the most common passwords'
  if (isBreached(lower)) return 'is known from breaches of other services'
  const letters = lettersOf(lower)
  if (commonWords.has(letters)) return 'is one of the most common words with figures or signs around it'
  if ([...ownWords, ...words].some((word) => letters !== '' && letters === lettersOf(word)))
    return 'must not be the name of this place with figures or signs around it'
  if (new Set(lower).size < fewestDifferent) return 'repeats the same few characters'
  if (isRepeated(lower)) return 'is one short piece, repeated'
  if (isSequence(lower)) return 'is a row of neighbouring characters'
  const local = email.split('@')[0] ?? ''
  if ([username, email, local].some((name) => isMadeOf(lower, name.toLowerCase()))) return "must not be made of the user's own name"
  return null
}

/** `Patchbay-2026!` is `patchbay`: what people put around a word keeps nobody out. */
const lettersOf = (text: string): string => text.toLowerCase().replace(/[^\p{L}]/gu, '')
const ownWords = ['patchbay']
const commonWords: ReadonlySet<string> = new Set([...commonPasswords].map(lettersOf).filter((word) => word.length > 0))

/** `abcabcabcabc`: a piece of at most a third of the length, over and over. */
function isRepeated(text: string): boolean {
  for (let size = 1; size <= text.length / 3; size++) {
    if (
      text ===
      text
        .slice(0, size)
        .repeat(Math.ceil(text.length / size))
        .slice(0, text.length)
    )
      return true
  }
  return false
}

const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'yxcvbnm', 'azertyuiop']
const neighbours = new Set(
  rows.flatMap((row) => [...row].slice(1).flatMap((next, index) => [`${row[index]}${next}`, `${next}${row[index]}`])),
)

/** Four fifths of its steps go to the neighbour: `abcdefghij`, `0987654321`, `qwertyuiop1`. */
function isSequence(text: string): boolean {
  const steps = [...text].slice(1).map((next, index) => `${text[index]}${next}`)
  return steps.filter((step) => neighbours.has(step)).length >= steps.length * 0.8
}

/** The name, with at most four other characters around it. */
function isMadeOf(password: string, name: string): boolean {
  return name.length >= 4 && password.includes(name) && password.length - name.length <= 4
}
