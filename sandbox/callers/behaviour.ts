// What a person on the telephone is like: whether they answer, and what they say when somebody listens.

/** One step of a script. A step with `expect` is taken when what was heard matches it; the others in their order. */
export interface Step {
  expect?: string
  say?: string
  confidence?: number
  press?: string
  silence?: true
  hangup?: true
  /** With `hangup`: in the middle of what the server says next. */
  mid?: true
  /** How long the person thinks before this step, in seconds of the call. */
  afterS?: number
  /** With `expect`: may be taken again and again. */
  keep?: true
}

export type Answering = 'answers' | 'busy' | 'no-answer' | 'failed' | 'voicemail'

export interface Behaviour {
  answering: Answering
  /** Seconds of ringing before the phone is picked up. */
  afterS: number
  script: Step[]
  /** What follows an exhausted script. */
  afterwards: 'hangup' | 'silence'
  /** How long this person talks once bridged to somebody. */
  talkS: number
  /** What an answering machine says before its tone. */
  greeting?: string
}

/** What the person does when the server listens. */
export type Turn =
  | { do: 'say'; text: string; confidence: number; afterS: number }
  | { do: 'press'; digits: string; afterS: number }
  | { do: 'silence' }
  | { do: 'hangup'; afterS: number }

export interface Person {
  /** `heard` is what was said to them since they last spoke. */
  next(heard: string): Turn | Promise<Turn>
  /** Whether they hang up while this is being said. */
  hangsUpDuring(text: string): boolean
  /** True when somebody types for them, so that nobody waits in virtual time. */
  live: boolean
  /** Nobody listens any more: what comes now waits for the next time. */
  stop?(): void
  behaviour: Behaviour
}

export const ordinary: Behaviour = {
  answering: 'answers',
  afterS: 3,
  script: [{ say: 'Hello?' }, { say: 'Yes, that is fine.' }, { say: 'Thank you, goodbye.' }],
  afterwards: 'hangup',
  talkS: 20,
}
