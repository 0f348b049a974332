// German, at the level of everyday appointments.
import type { Grammar } from './grammar.ts'

const once = (words: string): RegExp => new RegExp(`(?<!\\p{L})(?:${words})(?!\\p{L})`, 'gu')

const ones = ['', 'ein', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun']
const tens: [string, number][] = [
  ['zwanzig', 20],
  ['dreißig', 30],
  ['vierzig', 40],
  ['fünfzig', 50],
]
const teens = ['zehn', 'elf', 'zwölf', 'dreizehn', 'vierzehn', 'fünfzehn', 'sechzehn', 'siebzehn', 'achtzehn', 'neunzehn']
const low = ['null', 'eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun']

/** "vierundzwanzig" is one word, so the numbers to 59 are made here rather than listed. */
const cardinals: [string, number][] = [
  ...low.map((word, i): [string, number] => [word, i]),
  ['zwo', 2],
  ...teens.map((word, i): [string, number] => [word, 10 + i]),
  ...tens.flatMap(([word, ten]) => ones.map((one, i): [string, number] => [i === 0 ? word : `${one}und${word}`, ten + i])),
]
const irregular: Record<string, number> = { erste: 1, dritte: 3, siebte: 7, siebente: 7, achte: 8 }
const ordinalStems: [string, number][] = [
  ...Object.entries(irregular),
  ...cardinals.filter(([, n]) => n > 1 && n < 20 && ![3, 7, 8].includes(n)).map(([word, n]): [string, number] => [`${word}te`, n]),
  ...cardinals.filter(([, n]) => n >= 20 && n < 32).map(([word, n]): [string, number] => [`${word}ste`, n]),
]

const stop = `ich du er sie es wir ihr der die das den dem ein eine einen einem einer und oder aber nicht kein keine bitte danke ja nein doch
  am um im in an auf bei für mit nach vor von bis zu zum zur ab gegen zwischen heute morgen übermorgen gestern woche wochen monat tag uhr termin
  termine montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz april mai juni juli august september oktober november
  dezember möchte will würde kann könnte könnten können hätte gern gerne brauche muss habe haben hat ist bin war wäre was wann wie wo wer warum
  noch schon mal dann da hier jetzt frei machen buchen absagen verschieben stornieren ändern hallo guten tag abend vormittag nachmittag mittag früh
  spät später früher anrufen sprechen mein meine meinen meinem name heiße gut nur auch so sehr leider krank falsch richtig nichts alles mir mich`

export const german: Grammar = {
  language: 'de',
  numbers: Object.fromEntries(cardinals),
  ordinals: Object.fromEntries(ordinalStems.flatMap(([stem, n]) => ['', 'n', 'r', 's', 'm'].map((end) => [`${stem}${end}`, n]))),
  fillers: ['äh', 'ähm', 'öh', 'hm', 'hmm', 'also', 'halt', 'eben', 'tja', 'naja'],
  before: [
    [once('sonnabend'), 'samstag'],
    [once('morgen früh|morgen vormittag|morgen in der früh'), 'morgigen vormittag'],
    [once('heute früh'), 'heute vormittag'],
    [once('dreiviertel|drei viertel'), 'dreiviertel'],
    [once('eine halbe stunde'), '30 minuten'],
    [once('eine stunde'), '1 stunde'],
    [once('einer woche|eine woche'), '1 woche'],
    [once('vierzehn tagen'), '2 wochen'],
  ],
  rewrites: [[/\bzwischen (\d{1,2}) und (\d{1,2})\b/g, 'zwischen um $1 und um $2']],
  weekdays: { montag: 1, dienstag: 2, mittwoch: 3, donnerstag: 4, freitag: 5, samstag: 6, sonntag: 7 },
  months: {
    januar: 1,
    jänner: 1,
    februar: 2,
    märz: 3,
    april: 4,
    mai: 5,
    juni: 6,
    juli: 7,
    august: 8,
    september: 9,
    oktober: 10,
    november: 11,
    dezember: 12,
  },
  units: {
    tag: 'day',
    tage: 'day',
    tagen: 'day',
    woche: 'week',
    wochen: 'week',
    monat: 'month',
    monate: 'month',
    monaten: 'month',
    stunde: 'hour',
    stunden: 'hour',
    minute: 'minute',
    minuten: 'minute',
  },
  am: 'vormittags|morgens|am vormittag|am morgen|in der früh',
  pm: 'nachmittags|abends|am nachmittag|am abend',
  days: [
    { when: '(?:am |den |vom )?{nth} {mo}(?: {y})?', is: 'date' },
    { when: '(?:am |den |vom )?{d} {mo}(?: {y})?', is: 'date' },
    { when: '(?:am |den )?{nth} {month}', is: 'date' },
    { when: '(?:am )?{wd} in 1 woche', is: 'weekday', weeks: 1 },
    { when: '(?:am )?{wd} in {n} wochen', is: 'weekday' },
    { when: '(?:am )?{wd} (?:der )?nächster? woche|nächste woche (?:am )?{wd}', is: 'weekday', which: 'next' },
    { when: '(?:am )?übernächsten {wd}', is: 'weekday', which: 'next', weeks: 1 },
    { when: '(?:am )?(?:nächsten|nächster|kommenden) {wd}', is: 'weekday', which: 'coming' },
    { when: '(?:am )?(?:diesen|diesem) {wd}|{wd} dieser woche', is: 'weekday', which: 'this' },
    { when: '(?:am )?(?:letzten|vergangenen) {wd}', is: 'weekday', which: 'last' },
    { when: '(?:heute )?in {n} {unit}', is: 'offset' },
    { when: 'morgen in 1 woche', is: 'offset', days: 8 },
    { when: 'heute in 1 woche', is: 'offset', days: 7 },
    { when: 'um {n} {unit}', is: 'shift' },
    { when: 'am nächsten tag|einen tag später', is: 'shift', days: 1 },
    { when: '(?:selbe|gleiche) zeit nächste woche', is: 'shift', days: 7 },
    { when: 'übernächste woche', is: 'week', weeks: 2 },
    { when: 'ende nächster woche', is: 'week', weeks: 1, part: 'end' },
    { when: 'anfang nächster woche', is: 'week', weeks: 1, part: 'start' },
    { when: '(?:in der )?nächsten? woche|kommende woche', is: 'week', weeks: 1 },
    { when: '(?:in )?dieser? woche', is: 'week', weeks: 0 },
    { when: '(?:am )?wochenende', is: 'weekend', weeks: 0 },
    { when: '(?:im )?nächsten monat', is: 'month', months: 1 },
    { when: 'anfang {mo}', is: 'month', part: 'start' },
    { when: 'mitte {mo}', is: 'month', part: 'middle' },
    { when: 'ende {mo}', is: 'month', part: 'end' },
    { when: 'im {mo}', is: 'month' },
    { when: '(?:am )?{wd}(?:s)?', is: 'weekday' },
    { when: '(?:am|den) {nth}|^{nth}$', is: 'date' },
    { when: 'übermorgen', is: 'offset', days: 2 },
    { when: 'vorgestern', is: 'offset', days: -2 },
    { when: 'gestern', is: 'offset', days: -1 },
    { when: 'morgen|morgigen', is: 'offset', days: 1 },
    { when: 'heute', is: 'offset', days: 0 },
    { when: 'am selben tag|am gleichen tag', is: 'same' },
    { when: '(?:ein|einen|an einem) anderen? tag|ein anderer tag', is: 'other' },
    {
      when: '(?:so (?:bald|schnell) wie möglich|sobald wie möglich|schnellstmöglich|(?:der |den )?nächste[nr]? (?:freie[nr]? )?termin|frühestmöglich)',
      is: 'soonest',
    },
    { when: 'egal wann|jederzeit', is: 'any' },
  ],
  notDay: ['(?:nicht|außer) (?:am )?{day}', '{day} (?:geht|passt) (?:leider |mir )*(?:nicht|schlecht)'],
  bookingDay: ['(?:den|meinen|mein) termin (?:am |vom )?{day}(?= auf)', 'von {day}'],
  clocks: [
    { when: '(?:12 uhr )?mittags|zwölf uhr mittags', at: 720 },
    { when: 'mitternacht', at: 0 },
    { when: '{mm} (?:minuten )?vor halb {h}{ap}', add: -35 },
    { when: 'dreiviertel {h}{ap}', add: -15 },
    { when: 'viertel nach {h}{ap}', add: 15 },
    { when: 'viertel vor {h}{ap}', add: -15 },
    { when: 'halb {h}{ap}', add: -30 },
    { when: '{h} uhr {m}{ap}', add: 'm' },
    { when: '{h}:{m}(?: uhr)?{ap}', add: 'm' },
    { when: '{mm} (?:minuten )?nach {h}(?: uhr)?{ap}', add: 'm' },
    { when: '{mm} (?:minuten )?vor {h}(?: uhr)?{ap}', add: '-m' },
    { when: '{h} uhr{ap}', add: 0 },
    { when: '{h}{AP}', add: 0 },
    { when: '(?<=\\b(?:um|gegen|ab|nach|vor|bis|so) ){h}(?! (?:tage|tagen|wochen|monate|stunden|minuten))', add: 0 },
  ],
  times: [
    { when: '(?:um |gegen )?zwischen (?:um )?{t} und (?:um )?{t2}', is: 'between' },
    { when: '(?:ab|nach|nicht vor) {t}', is: 'after' },
    { when: '(?:vor|bis|spätestens) {t}', is: 'before' },
    { when: 'gleich (?:in der früh|morgens|als erstes)|ganz früh', is: 'first' },
    { when: 'ganz spät|der letzte termin|am ende des tages', is: 'last' },
    { when: '{n} {unit} früher', is: 'shift', sign: -1 },
    { when: '{n} {unit} später', is: 'shift', sign: 1 },
    { when: '(?:zur )?(?:selben|gleichen|gleiche|selbe) zeit', is: 'same' },
    { when: '(?:nach|ab) (?:dem )?(?:mittagessen|mittag)', is: 'after', from: 780 },
    { when: 'vor (?:dem )?(?:mittagessen|mittag)', is: 'before', to: 720 },
    { when: 'nach (?:der )?(?:arbeit|feierabend)', is: 'after', from: 1020 },
    { when: '(?:etwas |ein bisschen |was )?früher', is: 'earlier' },
    { when: '(?:etwas |ein bisschen |was )?später', is: 'later' },
    { when: 'vormittags?|am vormittag|morgens|am morgen|in der früh|früh', is: 'part', part: 'morning' },
    { when: 'nachmittags?|am nachmittag', is: 'part', part: 'afternoon' },
    { when: '(?:am |über )?mittag', is: 'part', part: 'lunchtime' },
    { when: 'abends?|am abend', is: 'part', part: 'evening' },
    { when: 'egal|ist mir gleich|irgendwann|wann auch immer', is: 'any' },
  ],
  choices: [
    { when: '(?:der|den|die|das|am)? ?{nth}(?: termin)?', pick: 'n' },
    { when: '(?:nummer|option) {n}', pick: 'n' },
    { when: '(?:der|den|die|das) (?:letzten?|spätere[nr]?|späteste[nr]?)', pick: -1 },
    { when: '(?:der|den|die|das) (?:frühere[nr]?|früheste[nr]?)', pick: 1 },
    { when: '(?:der|den|die|das) mittlere[nr]?', pick: 'middle' },
    { when: 'keine[nrs]?(?: davon| von beiden)?', pick: 0 },
    { when: '^{n}(?: bitte)?$', pick: 'n' },
  ],
  intents: [
    [
      'person',
      once('mitarbeiter|mitarbeiterin|menschen|mensch|jemanden? sprechen|jemandem sprechen|verbinden|durchstellen|empfang|rezeption'),
    ],
    ['move', once('verschieben|verlegen|umbuchen|vorziehen|termin ändern|ändern')],
    ['cancel', once('absagen|stornieren|abbestellen|absage|streichen|nicht kommen|verhindert')],
    [
      'goodbye',
      once('tschüss|tschüs|auf wiederhören|auf wiedersehen|wiederhören|das war alles|das wars|das war es|nichts weiter|schönen tag noch'),
    ],
    ['repeat', once('wie bitte|noch ?mal bitte|wiederholen|bitte wiederholen|nicht verstanden|können sie das wiederholen')],
    ['help', once('hilfe|was kann ich sagen|was können sie')],
    [
      'availability',
      once(
        'wann (?:haben|hätten|ist|wäre|geht|kann)|(?:haben|hätten) sie (?!.*termin am).{0,30}(?:frei|etwas|was|zeit|termine)|noch (?:was|etwas) frei|welche (?:zeiten|termine)|was ist frei|ist .{1,30} (?:noch )?frei',
      ),
    ],
    ['book', once('termin|termine|buchen|vereinbaren|reservieren|vorbeikommen')],
    [
      'no',
      /^(?:nein|nee|nö|ne|keinesfalls|nicht)(?!\p{L})|(?<!\p{L})(?:passt nicht|geht nicht|falsch|stimmt nicht|lieber nicht|keine[nrs]? davon)(?!\p{L})/u,
    ],
    [
      'yes',
      /^(?:ja|jawohl|jo|klar|genau|gerne|gern|richtig|stimmt|passt|in ordnung|okay|ok|einverstanden|perfekt|super|prima|bitte|natürlich|selbstverständlich|gut|sehr gut|das passt)(?!\p{L})/u,
    ],
  ],
  corrections:
    /(?<!\p{L})(?:nein|nee|nö|doch lieber|lieber|ach nein|moment|entschuldigung|ich meine|ich meinte|vielmehr|stattdessen|quatsch)(?!\p{L})/gu,
  greeting: /^(?:(?:hallo|guten|tag|grüß|gott|servus|moin)(?: |$))+$|^$/,
  about: [
    ['name', once('der name|mein name|den namen')],
    ['time', once('die uhrzeit|die zeit|andere zeit|andere uhrzeit')],
    ['day', once('der tag|den tag|das datum|anderer tag|anderen tag')],
  ],
  names: {
    strong: ['mein name ist', 'ich heiße', 'der name ist', 'name ist', 'auf den namen'],
    weak: ['hier ist', 'hier spricht', 'ich bin', 'ich bin der', 'ich bin die', 'es ist', 'das ist', 'hier'],
    after: ['am apparat', 'mein name'],
    first: ['vorname ist', 'vorname'],
    last: ['nachname ist', 'nachname', 'familienname ist', 'familienname'],
    titles: { herr: 'Herr', frau: 'Frau', doktor: 'Dr.', dr: 'Dr.', professor: 'Prof.' },
    particles: ['von', 'zu', 'van', 'der', 'den', 'de', 'al', 'el', 'bin'],
    spelling: ['buchstabiert', 'also', 'das', 'ist'],
    lead: ['ja', 'nein', 'also', 'äh', 'ähm', 'gut', 'hallo', 'guten', 'tag', 'der', 'name', 'ist', 'das', 'wäre', 'gerne'],
    calendar: ['april', 'august', 'mai', 'juni', 'juli', 'sonntag', 'freitag', 'montag'],
    stop: stop.split(/\s+/),
  },
}
