// Scripted callers: what they do each time the server listens.
import { describe, expect, test } from 'vitest'
import { ordinary, type Step } from './behaviour.ts'
import { livePerson, parseScript, scriptedPerson } from './script.ts'

async function play(script: Step[], questions: string[]): Promise<string[]> {
  const person = scriptedPerson({ ...ordinary, script })
  const turns: string[] = []
  for (const question of questions) {
    const turn = await person.next(question)
    turns.push(turn.do === 'say' ? turn.text : turn.do === 'press' ? turn.digits : turn.do)
  }
  return turns
}

describe('a script', () => {
  test('is followed step by step, and then the caller hangs up', async () => {
    expect(await play([{ say: 'a' }, { press: '1' }, { silence: true }], ['', '', '', ''])).toEqual(['a', '1', 'silence', 'hangup'])
  })

  test('conditional steps answer what was asked, in whatever order it is asked', async () => {
    const script = [
      { say: 'A booking please' },
      { expect: 'name', say: 'Jane' },
      { expect: 'which day|when', say: 'Friday' },
      { say: 'Yes' },
    ]
    expect(await play(script, ['Welcome. What is your name?', 'When would you like to come?', 'And your name?', 'Is that right?'])).toEqual(
      ['A booking please', 'Friday', 'Jane', 'Yes'],
    )
  })

  test('a step that may be kept answers again and again', async () => {
    expect(await play([{ expect: 'sure', say: 'Yes', keep: true }, { say: 'Hi' }], ['Hello', 'Sure?', 'Sure?', 'Bye'])).toEqual([
      'Hi',
      'Yes',
      'Yes',
      'hangup',
    ])
  })

  test('when nothing fits what was asked, the caller is silent and the steps stay open', async () => {
    expect(await play([{ expect: 'name', say: 'Jane' }], ['Pardon?', 'Your name?'])).toEqual(['silence', 'Jane'])
  })

  test.each([
    ['no list', {}],
    ['an unknown part', [{ shout: 'hi' }]],
    ['nothing to do', [{ expect: 'x' }]],
    ['a broken pattern', [{ expect: '(', say: 'x' }]],
    ['keys that no telephone has', [{ press: 'xyz' }]],
    ['a step that is a text', ['hello']],
  ])('is refused with a sentence when it has %s', (_what, script) => {
    expect(() => parseScript(script)).toThrow(/script|step/)
  })
})

describe('a live person', () => {
  test('what is typed while nobody listens waits for the next question', async () => {
    const person = livePerson(ordinary)
    person.give({ do: 'press', digits: '1', afterS: 0 })
    expect(await person.next('')).toEqual({ do: 'press', digits: '1', afterS: 0 })
    const waiting = person.next('')
    person.give({ do: 'silence' })
    expect(await waiting).toEqual({ do: 'silence' })
  })

  test('what comes after the server stopped listening is not lost', async () => {
    const person = livePerson(ordinary)
    void person.next('')
    person.stop?.()
    person.give({ do: 'press', digits: '2', afterS: 0 })
    expect(await person.next('')).toMatchObject({ digits: '2' })
  })
})
