// Decides how long a sentence takes to say and what it sounds like: a formant synthesiser, one syllable a vowel.
// It is babble with the rhythm and pitch of speech, at 8 kHz, for recordings that must have the right length and a level.

export const sampleRate = 8_000

export interface Voice {
  /** Pitch in Hz. */
  pitch: number
}

const gapMs = 60
const vowels: Record<string, [number, number]> = {
  a: [730, 1090],
  e: [530, 1840],
  i: [270, 2290],
  o: [570, 840],
  u: [300, 870],
  y: [300, 2100],
}

/** A voice of its own for every name or number. */
export function voiceOf(name: string): Voice {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 997
  return { pitch: 95 + (sum % 130) }
}

/** About 160 words a minute. Units: ms. */
export function speechMs(text: string): number {
  return words(text).reduce((sum, word) => sum + wordMs(word) + gapMs, 0)
}

/** Signed 16-bit samples of the sentence. */
export function speak(text: string, voice: Voice): Int16Array {
  const samples = new Int16Array(Math.round((speechMs(text) * sampleRate) / 1000))
  let at = 0
  for (const word of words(text)) {
    const length = Math.round((wordMs(word) * sampleRate) / 1000)
    sayWord(samples.subarray(at, at + length), word, voice)
    at += length + Math.round((gapMs * sampleRate) / 1000)
  }
  return samples
}

/** Two tones a key, as on a telephone (ITU-T Q.23). */
export function keyTone(digit: string, ms: number): Int16Array {
  const at = '123A456B789C*0#D'.indexOf(digit)
  const low = [697, 770, 852, 941][at >> 2] ?? 0
  const high = [1209, 1336, 1477, 1633][at & 3] ?? 0
  const samples = new Int16Array(Math.round((ms * sampleRate) / 1000))
  if (at < 0) return samples
  for (let n = 0; n < samples.length; n += 1) samples[n] = 6_000 * (sine(low, n) + sine(high, n))
  return samples
}

const sine = (frequency: number, n: number) => Math.sin((2 * Math.PI * frequency * n) / sampleRate)

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

function wordMs(word: string): number {
  return 90 + 45 * Math.min(word.length, 20)
}

function sayWord(out: Int16Array, word: string, voice: Voice): void {
  const sounds = [...word.toLowerCase()].map((letter) => vowels[letter]).filter((pair) => pair !== undefined)
  const syllables = sounds.length > 0 ? sounds : [vowels.e ?? [530, 1840]]
  const each = Math.ceil(out.length / syllables.length)
  const period = Math.round(sampleRate / voice.pitch)
  let first: Resonance = [0, 0]
  let second: Resonance = [0, 0]
  for (let n = 0; n < out.length; n += 1) {
    const [low, high] = syllables[Math.min(Math.floor(n / each), syllables.length - 1)] ?? [530, 1840]
    const pulse = n % period === 0 ? 1 : 0
    first = resonate(first, pulse, low)
    second = resonate(second, pulse, high)
    const envelope = Math.sin((Math.PI * n) / out.length)
    out[n] = Math.max(-32_767, Math.min(32_767, 9_000 * envelope * (first[0] + 0.5 * second[0])))
  }
}

type Resonance = [number, number]

// A two-pole resonator, 90 Hz wide.
function resonate([y1, y2]: Resonance, input: number, frequency: number): Resonance {
  const radius = Math.exp((-Math.PI * 90) / sampleRate)
  return [input + 2 * radius * Math.cos((2 * Math.PI * frequency) / sampleRate) * y1 - radius * radius * y2, y1]
}
