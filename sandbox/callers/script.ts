// Decides what a scripted or a live person does each time the server listens. Refuses scripts it cannot follow.
import type { Behaviour, Person, Step, Turn } from './behaviour.ts'

const thinkingS = 0.8
const usualConfidence = 0.92

/** A person who follows a script. */
export function scriptedPerson(behaviour: Behaviour): Person {
  const left = [...behaviour.script]
  return {
    live: false,
    behaviour,
    next(heard) {
      const step = takeStep(left, heard)
      if (step) return turnOf(step)
      // Steps that wait for a question stay open: the person keeps silent and the server asks again.
      if (left.some((open) => !open.keep)) return { do: 'silence' }
      return behaviour.afterwards === 'hangup' ? { do: 'hangup', afterS: 0 } : { do: 'silence' }
    },
    hangsUpDuring(text) {
      const first = left[0]
      return first?.hangup === true && first.mid === true && (first.expect === undefined || matches(first, text))
    },
  }
}

/** Takes the front step, or the first of a run of conditional steps that fits, or the step behind that run. */
function takeStep(left: Step[], heard: string): Step | null {
  const run = left.findIndex((step) => step.expect === undefined)
  const conditional = run === -1 ? left.length : run
  for (let index = 0; index < conditional; index += 1) {
    const step = left[index]
    if (!step || !matches(step, heard)) continue
    if (!step.keep) left.splice(index, 1)
    return step
  }
  return run === -1 ? null : (left.splice(run, 1)[0] ?? null)
}

function matches(step: Step, heard: string): boolean {
  return step.expect !== undefined && new RegExp(step.expect, 'i').test(heard.slice(-2_000))
}

function turnOf(step: Step): Turn {
  const afterS = step.afterS ?? thinkingS
  if (step.hangup) return { do: 'hangup', afterS: step.afterS ?? 0 }
  if (step.press !== undefined) return { do: 'press', digits: step.press, afterS }
  if (step.say !== undefined) return { do: 'say', text: step.say, confidence: step.confidence ?? usualConfidence, afterS }
  return { do: 'silence' }
}

export interface LivePerson extends Person {
  give(turn: Turn): void
}

/** A person whom somebody types for, by the control API. What comes while nobody listens waits for the next time. */
export function livePerson(behaviour: Behaviour): LivePerson {
  const waiting: Turn[] = []
  let hand: ((turn: Turn) => void) | null = null
  return {
    live: true,
    behaviour,
    next: () => {
      const turn = waiting.shift()
      if (turn) return turn
      return new Promise((resolve) => {
        hand = resolve
      })
    },
    hangsUpDuring: () => false,
    stop() {
      hand = null
    },
    give(turn) {
      if (hand) {
        hand(turn)
        hand = null
      } else waiting.push(turn)
    },
  }
}

/** Reads a script that came over the wire. @throws with a sentence saying which step is wrong */
export function parseScript(value: unknown): Step[] {
  if (!Array.isArray(value)) throw new Error('"script" must be a list of steps')
  return value.map((step: unknown, index) => parseStep(step, index))
}

function parseStep(value: unknown, index: number): Step {
  if (typeof value !== 'object' || value === null) throw new Error(`step ${index} is not an object`)
  const step: Step = {}
  for (const [name, given] of Object.entries(value)) {
    if ((name === 'say' || name === 'press' || name === 'expect') && typeof given === 'string') step[name] = given
    else if ((name === 'confidence' || name === 'afterS') && typeof given === 'number') step[name] = given
    else if ((name === 'silence' || name === 'hangup' || name === 'mid' || name === 'keep') && given === true) step[name] = true
    else throw new Error(`step ${index} has a part "${name}" that is unknown or of the wrong type`)
  }
  if (step.press !== undefined && !/^[0-9*#w]+$/.test(step.press)) throw new Error(`step ${index} presses keys that no telephone has`)
  if (step.expect !== undefined) checkPattern(step.expect, index)
  if (step.say === undefined && step.press === undefined && !step.silence && !step.hangup)
    throw new Error(`step ${index} does nothing: it needs say, press, silence or hangup`)
  return step
}

function checkPattern(pattern: string, index: number): void {
  try {
    new RegExp(pattern, 'i')
  } catch (cause) {
    throw new Error(`step ${index} expects something that is no regular expression`, { cause })
  }
}
