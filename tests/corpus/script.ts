// Plays a written conversation: `>` the caller says, `#` presses, `...` is silent; `<` the answer must hold these words.
// `=` names the outcome of the turn, `@` the phase it leads to.
import { type DialogueState, greet, type Heard, type Instruction, respond, type Step } from '../../src/domain/conversation/index.ts'
import { builtinUnderstanding } from '../../src/providers/understanding/index.ts'
import type { Diary } from './diary.ts'

export interface Played {
  step: Step
  /** Everything that was said and heard, for the message of a failing test. */
  transcript: string
}

export interface Call {
  desk: Diary
  now: string
  language?: string
  callerName?: string | null
}

export const wordsOf = (instructions: Instruction[]): string => instructions.map((one) => one.text).join(' ')

export function open(call: Call): Step {
  return greet({ language: call.language ?? 'en', organizationName: 'Harbour Dental', callerName: call.callerName ?? null })
}

export async function answer(call: Call, state: DialogueState, heard: Heard): Promise<Step> {
  return respond({ state, heard, now: call.now, desk: call.desk, understanding: builtinUnderstanding })
}

function heardOf(line: string): Heard | null {
  if (line.startsWith('...')) return { kind: 'silence' }
  if (line.startsWith('# ')) return { kind: 'digits', digits: line.slice(2).trim() }
  return line.startsWith('> ') ? { kind: 'speech', text: line.slice(2), confidence: 0.9 } : null
}

function complaint(line: string, step: Step): string | null {
  const wanted = line.slice(2).trim()
  if (line.startsWith('< ') && !wordsOf(step.instructions).toLowerCase().includes(wanted.toLowerCase())) return `did not say "${wanted}"`
  if (line.startsWith('= ') && (step.outcome ?? 'null') !== wanted) return `outcome is ${step.outcome}, not ${wanted}`
  return line.startsWith('@ ') && step.state.phase !== wanted ? `phase is ${step.state.phase}, not ${wanted}` : null
}

export async function play(call: Call, script: string): Promise<Played> {
  let step = open(call)
  const told = [`  ${wordsOf(step.instructions)}`]
  for (const line of script
    .split('\n')
    .map((one) => one.trim())
    .filter(Boolean)) {
    const heard = heardOf(line)
    if (heard) {
      // Through JSON each time, as between two posts of a telephone call.
      const state: DialogueState = JSON.parse(JSON.stringify(step.state))
      step = await answer(call, state, heard)
      told.push(line, `  ${wordsOf(step.instructions)} [${step.state.phase}]`)
      continue
    }
    const wrong = complaint(line, step)
    if (wrong) throw new Error(`${wrong}\n${told.join('\n')}`)
  }
  return { step, transcript: told.join('\n') }
}
