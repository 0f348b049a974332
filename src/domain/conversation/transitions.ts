// The whole dialogue as one table: in which phase, on what was understood, what is done and where that may lead.
// Every phase answers every event; a test walks the table, so a dead end cannot be written unseen.
import type { Phase } from './state.ts'

export const events = [
  'silence',
  'unclear',
  'repeat',
  'help',
  'person',
  'goodbye',
  'yes',
  'no',
  'choice',
  'name',
  'when',
  'about',
  'book',
  'availability',
  'cancel',
  'move',
] as const
export type Event = (typeof events)[number]

export const actions = [
  'askAgainUnheard',
  'askAgainUnclear',
  'repeatQuestion',
  'giveHelp',
  'transfer',
  'farewell',
  'seekSlot',
  'showFree',
  'choose',
  'chooseOnly',
  'declineOffer',
  'confirmBooking',
  'askChange',
  'changeSubject',
  'findToCancel',
  'findToMove',
  'chooseBooking',
  'cancelBooking',
  'keepBooking',
  'dropBooking',
  'openAgain',
  'amendLatest',
] as const
export type Action = (typeof actions)[number]

export interface Transition {
  act: Action
  to: readonly Phase[]
}

const to = (act: Action, ...phases: Phase[]): Transition => ({ act, to: phases })

/** Where looking for a slot may lead. */
const seeking: Phase[] = ['name', 'when', 'choose', 'confirm']
const seek = to('seekSlot', ...seeking)
const show = to('showFree', ...seeking)
const findToMove = to('findToMove', 'which', 'more', ...seeking)
const findToCancel = to('findToCancel', 'which', 'more', 'confirm_cancel')
const lost = (phase: Phase): Transition => to('askAgainUnclear', phase, 'ended')

const always = (phase: Phase): Pick<Record<Event, Transition>, 'silence' | 'unclear' | 'repeat' | 'help' | 'person' | 'goodbye'> => ({
  silence: to('askAgainUnheard', phase, 'ended'),
  unclear: lost(phase),
  repeat: to('repeatQuestion', phase),
  help: to('giveHelp', phase),
  person: to('transfer', 'ended'),
  goodbye: to('farewell', 'ended'),
})

export const transitions: Record<Exclude<Phase, 'ended'>, Record<Event, Transition>> = {
  open: {
    ...always('open'),
    yes: lost('open'),
    no: to('farewell', 'ended'),
    choice: lost('open'),
    name: seek,
    when: seek,
    about: lost('open'),
    book: seek,
    availability: show,
    cancel: findToCancel,
    move: findToMove,
  },
  name: {
    ...always('name'),
    yes: lost('name'),
    no: lost('name'),
    choice: lost('name'),
    name: seek,
    when: seek,
    about: lost('name'),
    book: seek,
    availability: show,
    cancel: to('dropBooking', 'more'),
    move: findToMove,
  },
  when: {
    ...always('when'),
    yes: lost('when'),
    no: lost('when'),
    choice: lost('when'),
    name: seek,
    when: seek,
    about: to('changeSubject', 'name', 'when'),
    book: seek,
    availability: show,
    cancel: to('dropBooking', 'more'),
    move: seek,
  },
  choose: {
    ...always('choose'),
    yes: to('chooseOnly', 'choose', 'name', 'confirm', 'ended'),
    no: to('declineOffer', 'when'),
    choice: to('choose', 'choose', 'when', 'name', 'confirm', 'ended'),
    name: seek,
    when: to('choose', 'ended', ...seeking),
    about: to('changeSubject', 'name', 'when'),
    book: to('choose', 'ended', ...seeking),
    availability: show,
    cancel: to('dropBooking', 'more'),
    move: to('choose', 'ended', ...seeking),
  },
  confirm: {
    ...always('confirm'),
    yes: to('confirmBooking', 'more', 'choose', 'when'),
    no: to('askChange', 'change'),
    choice: lost('confirm'),
    name: to('confirmBooking', 'more', ...seeking),
    when: to('confirmBooking', 'more', ...seeking),
    about: to('changeSubject', 'name', 'when'),
    book: to('confirmBooking', 'more', ...seeking),
    availability: show,
    cancel: to('dropBooking', 'more'),
    move: to('changeSubject', 'name', 'when'),
  },
  change: {
    ...always('change'),
    yes: lost('change'),
    no: to('dropBooking', 'more'),
    choice: lost('change'),
    name: seek,
    when: seek,
    about: to('changeSubject', 'name', 'when'),
    book: seek,
    availability: show,
    cancel: to('dropBooking', 'more'),
    move: to('changeSubject', 'name', 'when'),
  },
  which: {
    ...always('which'),
    yes: lost('which'),
    no: to('keepBooking', 'more'),
    choice: to('chooseBooking', 'which', 'confirm_cancel', 'ended', ...seeking),
    name: lost('which'),
    when: to('chooseBooking', 'which', 'confirm_cancel', 'ended', ...seeking),
    about: lost('which'),
    book: seek,
    availability: show,
    cancel: lost('which'),
    move: lost('which'),
  },
  confirm_cancel: {
    ...always('confirm_cancel'),
    yes: to('cancelBooking', 'more'),
    no: to('keepBooking', 'more'),
    choice: lost('confirm_cancel'),
    name: lost('confirm_cancel'),
    when: findToCancel,
    about: lost('confirm_cancel'),
    book: seek,
    availability: show,
    cancel: to('cancelBooking', 'more'),
    move: findToMove,
  },
  more: {
    ...always('more'),
    yes: to('openAgain', 'open'),
    no: to('farewell', 'ended'),
    choice: lost('more'),
    name: lost('more'),
    when: to('amendLatest', 'which', 'more', ...seeking),
    about: lost('more'),
    book: seek,
    availability: show,
    cancel: findToCancel,
    move: findToMove,
  },
}
