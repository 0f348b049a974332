// Sound: WAV files that any reader understands, and speech that lasts as long as it should.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyTone, sampleRate, speak, speechMs, voiceOf } from './voice.ts'
import { readWav, writeWav } from './wav.ts'

describe('WAV', () => {
  test('what is written is read back: channels, length and words', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 0, max: 500 }),
        fc.string({ unit: 'grapheme' }),
        (channels, length, words) => {
          const file = writeWav(
            Array.from({ length: channels }, () => new Int16Array(length)),
            sampleRate,
            words.replaceAll('\0', ''),
          )
          expect(file.readUInt32LE(4)).toBe(file.length - 8)
          expect(readWav(file)).toEqual({
            channels,
            sampleRate: 8000,
            bitsPerSample: 16,
            durationMs: (length * 1000) / 8000,
            words: words.replaceAll('\0', ''),
          })
        },
      ),
    )
  })

  test('samples lie interleaved, little-endian, after the header', () => {
    const file = writeWav([Int16Array.of(1, 2), Int16Array.of(-1, -2)], sampleRate, '')
    expect([...file.subarray(-8)]).toEqual([1, 0, 255, 255, 2, 0, 254, 255])
  })

  test('what is no WAV is null, however it is cut', () => {
    const file = writeWav([new Int16Array(50)], sampleRate, 'words')
    for (let length = 0; length < 12; length += 1) expect(readWav(file.subarray(0, length))).toBeNull()
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(readWav(Buffer.from(bytes))).toBeNull()))
  })
})

describe('a voice', () => {
  test('says a sentence in just the time that was planned for it, and is heard', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 6 }), (words) => {
        const samples = speak(words.join(' '), voiceOf('+447700900123'))
        expect(samples.length).toBe(Math.round((speechMs(words.join(' ')) * sampleRate) / 1000))
        const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length)
        expect(level).toBeGreaterThan(500)
        expect(level).toBeLessThan(20_000)
      }),
      { numRuns: 30 },
    )
  })

  test('is higher for one person than for another', () => {
    expect(voiceOf('+447700900001').pitch).not.toBe(voiceOf('+447700900002').pitch)
  })

  test('speaks at about the pace of people', () => {
    const sentence = 'Good morning, I would like to make an appointment for Wednesday at noon please'
    expect((sentence.split(' ').length * 60_000) / speechMs(sentence)).toBeGreaterThan(120)
    expect((sentence.split(' ').length * 60_000) / speechMs(sentence)).toBeLessThan(200)
  })

  test('a key sounds its two tones and no other', () => {
    const tone = keyTone('5', 100)
    const power = (frequency: number) => {
      let re = 0
      let im = 0
      for (const [n, sample] of tone.entries()) {
        re += sample * Math.cos((2 * Math.PI * frequency * n) / sampleRate)
        im += sample * Math.sin((2 * Math.PI * frequency * n) / sampleRate)
      }
      return Math.hypot(re, im)
    }
    const loudest = [697, 770, 852, 941, 1209, 1336, 1477].toSorted((a, b) => power(b) - power(a)).slice(0, 2)
    expect(new Set(loudest)).toEqual(new Set([770, 1336]))
  })
})
