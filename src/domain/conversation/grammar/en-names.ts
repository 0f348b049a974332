// How English callers give their name, and the ordinary words that are not one.
import type { NameWords } from './grammar.ts'

const calendar =
  'monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december'
const ordinary = `a about above after afternoon afternoons again ages all alright also always am an and another any anybody anyone anything
  anyway appointment appointments are as ask asking at available away awful back bad be because been before better between book booked booking
  bookings both brilliant busy but by bye call called caller calling came can can't cancel cancelling cannot change changing check cheers chance
  checkup cleaning come coming confirm correct could couldn't day days dead definitely dentist did didn't do does doesn't doing don't double
  done down driving early earlier either else emergency end enough evening ever every everything except excuse far feeling fine first for forget
  fortnight forward free from full get getting give go going gonna good got grand great had half happy has hasn't have haven't having he hello
  help her here hey hi him his hiya hold hopefully hour hours how hygienist i i'd i'll i'm i've if impossible important in instead interested into
  is isn't it it's its joke just kind kindly know last late later leave less let like listen little long look looking lovely lunch lunchtime
  machine make many maybe me mean meant mid midday midnight might mine minute minutes moment month months more morning mornings most move moving
  much must my myself name named need needed needs never new next night nine no nobody none noon nope nor not nothing now number of off office
  okay ok old on once one only onto open or other our out outside over pain past patient people per perfect person phone phoning place please
  possible preferably probably problem put quarter question quick quite rather ready really reception repeat reschedule ridiculous right ring
  ringing room round running said same say says schedule see shall she should sick since slot slots so some somebody someone something sometime
  somewhere soon soonest sorry sort space speak speaking spell spelled spelling spelt still stuck such suits sure surgery surname take taken talk
  tell ten than thank thanks that that'd that'll that's thats the their them then there there's these they they'd they're thing things think this those though three
  through time times tired to today together tomorrow tonight too toothache treatment trouble try trying twelve twenty two under unable unfortunately
  until up urgent us use usual very visit wait waiting wanna want wanted wanting wants was wasn't way we weather week weekday weekend weeks
  well went were what what's whatever when when's where whether which while who why will wish with within without won't wondering work
  working works would wouldn't wrong yeah yep yes yesterday yet you you'd you're your yours zero actually anywhere asap first second third
  four five six seven eight nine eleven thirteen fourteen fifteen thirty forty o'clock pm am half both daughter son wife husband mother father mum
  mam dad brother sister mate love pal sir madam nope nah no wow god jesus hell damn fuck fucking shit bloody stupid crap bot robot human agent
  uh um er erm hmm ah oh eh like ye yous spells whole rest`

export const englishNames: NameWords = {
  strong: [
    'my name is',
    "my name's",
    'my name it is',
    'my full name is',
    'my good name is',
    'the name is',
    "the name's",
    'name is',
    "name's",
    'call me',
    'they call me',
    'under the name of',
    'under the name',
    'in the name of',
    'my name would be',
  ],
  weak: [
    "it's",
    'it is',
    'its',
    "i'm",
    'i am',
    'this is',
    'it would be',
    "it'd be",
    'that would be',
    'myself',
    'under',
    'put it under',
    'here is',
    'for my daughter',
    'for my son',
    'for my wife',
    'for my husband',
    'for my mother',
    'for my mum',
    'for my mam',
    'for my dad',
    'for my father',
    'for my partner',
    'for my brother',
    'for my sister',
    'on behalf of',
    'speaking is',
  ],
  after: ['here', 'speaking', 'on the line', 'calling'],
  first: ['first name is', 'first name', "first name's", 'given name is', 'christian name is'],
  last: ['last name is', 'last name', "last name's", 'surname is', 'surname', 'family name is', 'second name is'],
  titles: {
    mr: 'Mr',
    mister: 'Mr',
    mrs: 'Mrs',
    missus: 'Mrs',
    ms: 'Ms',
    miss: 'Miss',
    dr: 'Dr',
    doctor: 'Dr',
    prof: 'Prof',
    professor: 'Prof',
    father: 'Father',
    sister: 'Sister',
  },
  particles: [
    'de',
    'da',
    'del',
    'la',
    'di',
    'du',
    'le',
    'van',
    'von',
    'der',
    'den',
    'ter',
    'al',
    'el',
    'bin',
    'ibn',
    'binti',
    'dos',
    'das',
    'y',
    'zu',
  ],
  spelling: ["it's", "that's", 'spelled', 'spelt', 'spelling', 'is', 'thats', 'as', 'in'],
  lead: [
    'yes',
    'yeah',
    'yep',
    'ya',
    'sure',
    'ok',
    'okay',
    'no',
    'sorry',
    'well',
    'so',
    'oh',
    'hi',
    'hello',
    'hiya',
    'hey',
    'of',
    'course',
    'right',
    'and',
    'it',
    'would',
    'be',
    'is',
    'the',
    'name',
    'um',
    'uh',
    'er',
    'erm',
    'ah',
    'eh',
    'hmm',
    'just',
    'actually',
    'certainly',
    'grand',
  ],
  calendar: ['april', 'may', 'june', 'august', 'summer', 'friday', 'sunday', 'march'],
  stop: `${calendar} ${ordinary}`.split(/\s+/),
}
