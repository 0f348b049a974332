// English. Short sentences: they are heard, not read.
import type { Prompts } from './prompts.ts'

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

function nth(day: number): string {
  const teen = day > 10 && day < 14
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th')
  return `${day}${ending}`
}

export const english: Prompts = {
  say: {
    greeting: 'Hello, this is {organization}. How can I help? You can book, move or cancel an appointment.',
    greetingKnown: 'Hello {name}, this is {organization}. How can I help? You can book, move or cancel an appointment.',
    askIntent: 'Would you like to book, move or cancel an appointment?',
    askName: 'May I have your name, please?',
    askWhen: 'What day and time would suit you?',
    askDay: 'Which day would suit you?',
    askTime: 'What time on {when}?',
    askMoveTo: 'Your appointment is on {from}. When would you like it instead?',
    askChange: 'What should I change, the time or the name?',
    askNewName: 'What name should I put down?',
    askWhich: 'You have these appointments: {slots}. Which one do you mean?',
    askMore: 'Is there anything else?',
    offer: 'I have {slots}. Which would you like?',
    offerOne: 'I have {slots}. Would that suit you?',
    readBack: 'So that is {when}, in the name of {name}. Shall I book it?',
    readBackMove: 'So I move the appointment of {name} from {from} to {when}. Is that right?',
    readBackCancel: 'You want to cancel the appointment on {when}. Is that right?',
    booked: 'That is booked: {when}, for {name}.',
    moved: 'That is done. Your appointment is now on {when}.',
    cancelled: 'Your appointment on {when} is cancelled.',
    kept: 'All right, your appointment stays as it is.',
    dropped: 'All right, I have not booked anything.',
    isFree: 'Yes, {when} is free.',
    taken: '{when} is already taken.',
    justTaken: 'I am sorry, somebody has just taken {when}.',
    closed: 'I am sorry, we are not open for that at {when}.',
    too_soon: 'I am sorry, {when} is too soon for us.',
    too_far: 'I am sorry, {when} is further ahead than I can book.',
    past: '{when} is already in the past.',
    nothingThen: 'I am sorry, I have nothing free then.',
    nothingAtAll: 'I am sorry, I can find nothing free. Please name another day.',
    noBooking: 'I can find no appointment for the number you are calling from.',
    noEarlier: 'I have nothing earlier.',
    noLater: 'I have nothing later that day.',
    pickOne: 'Let me say them again.',
    thanks: 'Thank you, {name}.',
    notHeard: 'Sorry, I did not hear anything.',
    notUnderstood: 'Sorry, I did not understand that.',
    help: 'You can say, for example: book me in for Tuesday at half past two. Or: move my appointment. Or: cancel it. Press 0 for a person, or 9 to hear the question again.',
    keysYesNo: 'Say yes or no, or press 1 for yes and 2 for no.',
    keysChoice: 'Say which one, or press its number.',
    keysIntent: 'Press 1 to book, 2 to move, 3 to cancel, or 0 for a person.',
    transfer: 'One moment, I will put you through.',
    transferLost: 'I am sorry that I cannot help you better. I will put you through to a person.',
    voicemail: 'I cannot hear you. Please leave a message after the tone, and we will call you back.',
    goodbye: 'Thank you for calling. Goodbye.',
    goodbyeDone: 'Thank you, and see you then. Goodbye.',
  },
  yourself: 'you',
  hints: {
    intent: ['book an appointment', 'cancel my appointment', 'move my appointment', 'what is free', 'speak to a person'],
    name: ['my name is', "it's"],
    when: [...weekdays, 'tomorrow', 'next week', 'half past', 'quarter to', 'in the morning', 'in the afternoon', 'first thing'],
    choice: ['the first one', 'the second one', 'the third one', 'neither', 'earlier', 'later'],
    confirmation: ['yes', 'no', 'yes please', "that's right", 'make it'],
  },
  day(local, thisYear) {
    const date = Temporal.PlainDateTime.from(local)
    const year = date.year === thisYear ? '' : ` ${date.year}`
    return `${weekdays[date.dayOfWeek - 1]} the ${nth(date.day)} of ${months[date.month - 1]}${year}`
  },
  time(local) {
    const { hour, minute } = Temporal.PlainDateTime.from(local)
    if (minute === 0 && hour % 12 === 0) return hour === 0 ? 'midnight' : '12 noon'
    const part = hour < 12 ? 'in the morning' : hour < 18 ? 'in the afternoon' : 'in the evening'
    const clock = minute === 0 ? `${hour % 12} o'clock` : `${hour % 12 || 12}:${String(minute).padStart(2, '0')}`
    return `${clock} ${part}`
  },
  when: (day, time) => `${day} at ${time}`,
  list: (items) => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`),
}
