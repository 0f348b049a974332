// The actions that every phase shares: asking again, helping, putting through, saying goodbye.
// Silence and misunderstanding are bounded: after two more tries the caller gets the voicemail or a person.
import type { PromptKey } from './prompts/prompts.ts'
import { askInWords, end, type Made, type Turn, tell } from './turn.ts'

const tries = 2

function keyHelp(turn: Turn): PromptKey | null {
  const { phase } = turn.state
  if (phase === 'confirm' || phase === 'confirm_cancel' || phase === 'more') return 'keysYesNo'
  if (phase === 'choose' || phase === 'which') return 'keysChoice'
  return phase === 'open' ? 'keysIntent' : null
}

export async function askAgainUnheard(turn: Turn): Promise<Made> {
  const { state, prompts } = turn
  state.silences++
  if (state.silences > tries) return end(turn, { do: 'voicemail', text: prompts.say.voicemail }, 'voicemail')
  return askOnce(turn, 'notHeard', state.silences)
}

export async function askAgainUnclear(turn: Turn): Promise<Made> {
  return lost(turn)
}

/** Not understood, or an answer to another question than the one asked. */
export function lost(turn: Turn, say: PromptKey = 'notUnderstood'): Made {
  const { state, prompts } = turn
  state.misunderstandings++
  if (state.misunderstandings > tries)
    return end(turn, { do: 'transfer', reason: 'not_understood', text: prompts.say.transferLost }, 'transferred')
  return askOnce(turn, say, state.misunderstandings)
}

function askOnce(turn: Turn, say: PromptKey, attempt: number): Made {
  const greeted = attempt === 1 && turn.state.phase === 'open' && turn.understood.confidence > 0
  if (!greeted) tell(turn, say)
  const question = turn.state.asked
  const help = attempt === tries ? keyHelp(turn) : null
  const made = askInWords(turn, turn.state.phase, question)
  return help
    ? {
        ...made,
        instructions: made.instructions.map((one) =>
          one.do === 'listen' ? { ...one, text: `${one.text} ${turn.prompts.say[help]}` } : one,
        ),
      }
    : made
}

export async function repeatQuestion(turn: Turn): Promise<Made> {
  return askInWords(turn, turn.state.phase, turn.state.asked)
}

export async function giveHelp(turn: Turn): Promise<Made> {
  tell(turn, 'help')
  return askInWords(turn, turn.state.phase, turn.state.asked)
}

export async function transfer(turn: Turn): Promise<Made> {
  return end(turn, { do: 'transfer', reason: 'asked_for_a_person', text: turn.prompts.say.transfer }, 'transferred')
}

/** A caller who leaves before anything was done has abandoned what was begun. */
export async function farewell(turn: Turn): Promise<Made> {
  const { state, prompts } = turn
  const begun = state.job !== null
  const outcome = begun ? 'abandoned' : (state.done ?? 'none')
  const expected = outcome === 'booked' || outcome === 'moved'
  return end(turn, { do: 'hangup', text: prompts.say[expected ? 'goodbyeDone' : 'goodbye'] }, outcome)
}
