// Deutsch. The same sentences as in English, key by key.
import type { Prompts } from './prompts.ts'

const weekdays = ['Montag', 'Dienstag', 'Mittwoch', 'Donnerstag', 'Freitag', 'Samstag', 'Sonntag']
const months = ['Januar', 'Februar', 'März', 'April', 'Mai', 'Juni', 'Juli', 'August', 'September', 'Oktober', 'November', 'Dezember']

export const german: Prompts = {
  say: {
    greeting: 'Guten Tag, hier ist {organization}. Was kann ich für Sie tun? Sie können einen Termin buchen, verschieben oder absagen.',
    greetingKnown:
      'Guten Tag {name}, hier ist {organization}. Was kann ich für Sie tun? Sie können einen Termin buchen, verschieben oder absagen.',
    askIntent: 'Möchten Sie einen Termin buchen, verschieben oder absagen?',
    askName: 'Wie ist Ihr Name, bitte?',
    askWhen: 'Welcher Tag und welche Uhrzeit passen Ihnen?',
    askDay: 'Welcher Tag passt Ihnen?',
    askTime: 'Um wie viel Uhr am {when}?',
    askMoveTo: 'Ihr Termin ist am {from}. Wann möchten Sie stattdessen kommen?',
    askChange: 'Was soll ich ändern, die Zeit oder den Namen?',
    askNewName: 'Welchen Namen soll ich eintragen?',
    askWhich: 'Sie haben diese Termine: {slots}. Welchen meinen Sie?',
    askMore: 'Kann ich sonst noch etwas für Sie tun?',
    offer: 'Frei ist {slots}. Was möchten Sie?',
    offerOne: 'Frei ist {slots}. Passt Ihnen das?',
    readBack: 'Also {when}, auf den Namen {name}. Soll ich das buchen?',
    readBackMove: 'Ich verschiebe den Termin von {name} von {from} auf {when}. Ist das richtig?',
    readBackCancel: 'Sie möchten den Termin am {when} absagen. Ist das richtig?',
    booked: 'Das ist gebucht: {when}, für {name}.',
    moved: 'Das ist erledigt. Ihr Termin ist jetzt am {when}.',
    cancelled: 'Ihr Termin am {when} ist abgesagt.',
    kept: 'Gut, Ihr Termin bleibt, wie er ist.',
    dropped: 'Gut, ich habe nichts gebucht.',
    isFree: 'Ja, {when} ist frei.',
    taken: '{when} ist schon vergeben.',
    justTaken: 'Es tut mir leid, {when} wurde gerade eben vergeben.',
    closed: 'Es tut mir leid, {when} haben wir nicht geöffnet.',
    too_soon: 'Es tut mir leid, {when} ist zu kurzfristig.',
    too_far: 'Es tut mir leid, so weit voraus wie {when} kann ich nicht buchen.',
    past: '{when} ist schon vorbei.',
    nothingThen: 'Es tut mir leid, dann ist nichts frei.',
    nothingAtAll: 'Es tut mir leid, ich finde nichts Freies. Bitte nennen Sie einen anderen Tag.',
    noBooking: 'Ich finde keinen Termin zu der Nummer, von der Sie anrufen.',
    noEarlier: 'Früher ist nichts frei.',
    noLater: 'Später ist an dem Tag nichts frei.',
    pickOne: 'Ich sage sie noch einmal.',
    thanks: 'Danke, {name}.',
    notHeard: 'Entschuldigung, ich habe nichts gehört.',
    notUnderstood: 'Entschuldigung, das habe ich nicht verstanden.',
    help: 'Sie können zum Beispiel sagen: einen Termin am Dienstag um halb drei. Oder: meinen Termin verschieben. Oder: absagen. Mit der 0 erreichen Sie einen Menschen, mit der 9 hören Sie die Frage noch einmal.',
    keysYesNo: 'Sagen Sie ja oder nein, oder drücken Sie die 1 für ja und die 2 für nein.',
    keysChoice: 'Sagen Sie, welchen, oder drücken Sie seine Nummer.',
    keysIntent: 'Drücken Sie die 1 zum Buchen, die 2 zum Verschieben, die 3 zum Absagen oder die 0 für einen Menschen.',
    transfer: 'Einen Moment, ich verbinde Sie.',
    transferLost: 'Es tut mir leid, dass ich nicht weiterhelfen kann. Ich verbinde Sie.',
    voicemail: 'Ich kann Sie nicht hören. Bitte sprechen Sie nach dem Ton, wir rufen zurück.',
    goodbye: 'Danke für Ihren Anruf. Auf Wiederhören.',
    goodbyeDone: 'Danke, bis dann. Auf Wiederhören.',
  },
  yourself: 'Ihnen',
  hints: {
    intent: ['einen Termin buchen', 'Termin absagen', 'Termin verschieben', 'was ist frei', 'mit jemandem sprechen'],
    name: ['mein Name ist', 'hier ist'],
    when: [...weekdays, 'morgen', 'übermorgen', 'nächste Woche', 'halb', 'Viertel nach', 'vormittags', 'nachmittags'],
    choice: ['der erste', 'der zweite', 'der dritte', 'keiner davon', 'früher', 'später'],
    confirmation: ['ja', 'nein', 'ja bitte', 'genau', 'stimmt'],
  },
  day(local, thisYear) {
    const date = Temporal.PlainDateTime.from(local)
    const year = date.year === thisYear ? '' : ` ${date.year}`
    return `${weekdays[date.dayOfWeek - 1]}, ${date.day}. ${months[date.month - 1]}${year}`
  },
  time(local) {
    const { hour, minute } = Temporal.PlainDateTime.from(local)
    return minute === 0 ? `${hour} Uhr` : `${hour} Uhr ${minute}`
  },
  when: (day, time) => `${day} um ${time}`,
  list: (items) => (items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} oder ${items.at(-1)}`),
}
