import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Advisory, type Installed, judge, type Releases } from './time-frames.ts'

const dayMs = 86_400_000
const base = Date.parse('2026-01-15T12:00:00Z')
const today = new Date(base)
const ago = (ms: number): Date => new Date(base - ms)
const daysAgo = (days: number): Date => ago(days * dayMs)

const holed: Installed = { name: 'thing', version: '1.2.3', isDirect: false }
const ours: Installed = { ...holed, isDirect: true }
const advisoryOf = (given: Partial<Advisory> = {}): Advisory => ({
  name: 'thing',
  severity: 'critical',
  title: 'Opens the door',
  url: 'https://advisories.invalid/1',
  range: '<1.2.5',
  publishedAt: null,
  ...given,
})
const releasesOf = (versions: Record<string, Date>, latest: string | null = null): Map<string, Releases> =>
  new Map([['thing', { latest, publishedAt: new Map(Object.entries(versions)) }]])

const frames = { critical: 7, high: 30, moderate: 90, low: 90, 'a word of tomorrow': 90 }
const frame = fc.constantFrom(...Object.entries(frames))
/** A time within so many days, to the millisecond, and one beyond them. */
const within = (days: number) => fc.integer({ min: -dayMs, max: days * dayMs })
const beyond = (days: number) => fc.integer({ min: days * dayMs + 1, max: 4000 * dayMs })
const anyTime = fc.integer({ min: -dayMs, max: 4000 * dayMs })
const framed = (time: (days: number) => fc.Arbitrary<number>) =>
  frame.chain(([severity, days]) => time(days).map((ms) => ({ severity, days, at: ago(ms) })))

describe('a known hole', () => {
  const judgeHole = (advisory: Advisory, releases = new Map<string, Releases>()) =>
    judge([holed], { advisories: [advisory], releases }, today)

  test('is never a breach before its time is over, however old its mending is', () => {
    fc.assert(
      fc.property(framed(within), anyTime, ({ severity, at }, mended) => {
        const { breaches, holes } = judgeHole(advisoryOf({ severity, publishedAt: at }), releasesOf({ '1.2.5': ago(mended) }))
        expect([breaches, holes]).toEqual([[], 1])
      }),
    )
  })

  test('is always a breach after it, mended anywhere or not', () => {
    fc.assert(
      fc.property(framed(beyond), fc.option(anyTime), ({ severity, days, at }, mended) => {
        const releases = mended === null ? new Map() : releasesOf({ '1.2.5': ago(mended) })
        const { breaches } = judgeHole(advisoryOf({ severity, publishedAt: at }), releases)
        expect(breaches).toMatchObject([{ since: at, allowedDays: days, instead: mended === null ? null : '1.2.5' }])
      }),
    )
  })

  test.each(Object.entries(frames))('that is %s is in time for %i days to the millisecond', (severity, days) => {
    const breachesAt = (publishedAt: Date) => judgeHole(advisoryOf({ severity, publishedAt })).breaches.length
    expect([breachesAt(daysAgo(days)), breachesAt(ago(days * dayMs + 1))]).toEqual([0, 1])
  })

  test('without a date counts from the first version above ours that mends it', () => {
    const others = { '1.2.2': daysAgo(900), '1.2.4': daysAgo(800), '1.3.0-rc.1': daysAgo(700) }
    const judgeAt = (severity: string, at: Date) =>
      judgeHole(advisoryOf({ severity }), releasesOf({ ...others, '1.2.5': at, '2.0.0': new Date(at.getTime() + 1) }))
    fc.assert(
      fc.property(framed(within), ({ severity, at }) => {
        expect(judgeAt(severity, at).breaches).toEqual([])
      }),
    )
    fc.assert(
      fc.property(framed(beyond), ({ severity, at }) => {
        expect(judgeAt(severity, at).breaches).toMatchObject([{ since: at, instead: '1.2.5' }])
      }),
    )
  })

  test('without a date and without a mending is named, for nobody can count its time', () => {
    expect(judgeHole(advisoryOf(), releasesOf({ '1.2.4': daysAgo(800) }))).toMatchObject({ breaches: [], undated: [{ name: 'thing' }] })
    expect(judgeHole(advisoryOf())).toMatchObject({ breaches: [], undated: [{ name: 'thing' }] })
  })

  test('that is mended in what is installed is never one', () => {
    const mended = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(9), fc.nat(9)).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(mended, frame, anyTime, fc.constantFrom('thing', 'other'), (version, [severity], ms, name) => {
        const advisory = advisoryOf({ severity, range: `<${version}`, publishedAt: ago(ms) })
        const installed = [
          { name: 'thing', version, isDirect: true },
          { name: 'other', version: '0.0.1', isDirect: name === 'other' },
        ]
        const { breaches, holes, undated } = judge(installed, { advisories: [advisory], releases: new Map() }, today)
        expect([breaches, holes, undated]).toEqual([[], 0, []])
      }),
    )
  })

  test.each([
    ['a version of several', '<1.0.0 || >=1.2.0 <1.2.5', 1],
    ['none of several', '<1.0.0 || >=1.2.4 <1.2.5', 0],
    ['what nobody can read', 'before last Tuesday', 1],
    ['all', '*', 1],
  ])('in %s is read as npm reads it', (_, range, holes) => {
    expect(judgeHole(advisoryOf({ range })).holes).toBe(holes)
  })

  test('is looked for in every version that is installed', () => {
    const installed = ['1.2.3', '1.2.5', '1.1.0'].map((version) => ({ name: 'thing', version, isDirect: false }))
    const { breaches } = judge(installed, { advisories: [advisoryOf({ publishedAt: daysAgo(8) })], releases: new Map() }, today)
    expect(breaches.map(({ version }) => version)).toEqual(['1.2.3', '1.1.0'])
  })
})

describe('an update', () => {
  const judgeUpdate = (versions: Record<string, Date>, latest: string | null = null, installed = ours) =>
    judge([installed], { advisories: [], releases: releasesOf({ '1.2.3': daysAgo(2000), ...versions }, latest) }, today).breaches
  const newer = fc.constantFrom('1.2.4', '1.3.0', '1.99.0')

  test('is never a breach before three months are over', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(newer, within(92))), (published) => {
        const versions = Object.fromEntries(published.map(([version, ms]) => [version, ago(ms)]))
        expect(judgeUpdate(versions)).toEqual([])
      }),
    )
  })

  test('is always a breach after them, whatever came out since', () => {
    fc.assert(
      fc.property(newer, beyond(92), fc.array(fc.tuple(newer, within(92))), (late, ms, published) => {
        const versions = { ...Object.fromEntries(published.map(([version, at]) => [version, ago(at)])), [late]: ago(ms) }
        expect(judgeUpdate(versions, '1.99.0')).toMatchObject([{ instead: late, since: ago(ms), allowedDays: 92, advisory: null }])
      }),
    )
  })

  test('that was made is never one: nothing is above the newest', () => {
    const version = fc.tuple(fc.nat(2), fc.nat(3), fc.nat(3)).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(fc.dictionary(version, anyTime), (published) => {
        const versions = Object.fromEntries(Object.entries(published).map(([name, ms]) => [name, ago(ms)]))
        expect(judgeUpdate(versions, null, { ...ours, version: '2.4.0' })).toEqual([])
      }),
    )
  })

  test.each([
    ['of another major', { '2.0.0': daysAgo(900) }, null],
    ['that is older than ours', { '1.2.2': daysAgo(900) }, null],
    ['that is being tried out', { '1.3.0-rc.1': daysAgo(900) }, null],
    ['above what its makers give', { '1.3.0': daysAgo(900) }, '1.2.3'],
    ['whose number is none', { '1.x': daysAgo(900) }, null],
  ])('%s is not waited for', (_, versions, latest) => {
    expect(judgeUpdate(versions, latest)).toEqual([])
  })

  test.each(['2.0.0', '0.9.0'])('in our major is waited for although its makers give %s, another major', (latest) => {
    expect(judgeUpdate({ '1.3.0': daysAgo(93), [latest]: daysAgo(900) }, latest)).toMatchObject([{ instead: '1.3.0' }])
  })

  test('from one that is being tried out to the next is waited for', () => {
    const trying = { ...ours, version: '1.2.3-beta.1' }
    expect(judgeUpdate({ '1.2.3-beta.2': daysAgo(93) }, '1.2.3-beta.2', trying)).toMatchObject([{ instead: '1.2.3-beta.2' }])
  })

  test('of a package that another one brings is that one’s', () => {
    expect(judgeUpdate({ '1.3.0': daysAgo(900) }, null, holed)).toEqual([])
  })
})
