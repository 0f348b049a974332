// What English callers want, in the words they use. The first rule that matches wins, so the order is part of the meaning.
import type { Grammar } from './grammar.ts'

const thing = '(?:appointment|appointments|booking|bookings|reservation|slot|visit|consultation|one i have|one)'

export const englishIntents: Grammar['intents'] = [
  [
    'person',
    /\b(?:(?:speak|talk|chat|get through) (?:to|with) (?:a|an|the|some|someone|somebody|anyone|anybody|your|who|reception|dr|doctor)|(?:put|pass|get|connect|transfer) me (?:through|on|over|to|someone|somebody|a person|the)|real (?:person|human|people)|(?:someone|somebody|anyone|anybody) (?:i can|i could|to|there to) (?:talk|speak)|actual (?:person|human)|human(?: being)?|receptionist|operator|representative|call cent(?:re|er) agent|customer service|member of staff|speak to (?:someone|somebody))\b|^(?:an? )?(?:agent|reception|manager|person|human|somebody|someone)(?: please)?$/,
  ],
  ['move', /\b(?:cancel|drop|scrap)\b.{0,60}\b(?:and|then)\b.{0,30}\b(?:book|give me|make|rebook|get|instead|another)\b|\brebook\b/],
  ['move', /\bbring\b.{0,30}\bforward\b|\bput\b.{0,25}\bback\b|\bpush(?:ed)?\b.{0,25}\bback\b|\bpush (?:it|my|the|that)\b/],
  ['move', /\b(?:reschedul\w*|re schedul\w*|postpone\w*|prepone\w*|rearrange|adjourn)\b/],
  [
    'move',
    new RegExp(
      `\\b(?:move|moving|shift|shifting|swap|switch|change|changing|alter|amend|transfer)\\b (?:up |around )?(?:my|the|an|a|our|that|this|it|his|her)\\b(?! name)(?:.{0,30}\\b(?:${thing}|to|time|day|date)\\b|$)`,
    ),
  ],
  ['cancel', /\b(?:cancel\w*|call(?:ing)? off|get rid of|scrap|drop my|take me (?:off|out)|remove my)\b/],
  ['cancel', /\b(?:can't|won't be able to|not able to|unable to|couldn't) (?:make it|make my|make the|come|attend|be there|keep)\b/],
  [
    'goodbye',
    /\b(?:good ?bye|bye|bye bye|cheerio|see (?:you|ya) (?:then|later|soon)|hang up|(?:that's|that is|that'll be) (?:all|everything|it|me)(?: for (?:now|today))?(?: thanks| thank you| then| please| so| cheers| no)*$|nothing else|never ?mind|forget (?:it|about it)|(?:ring|call) (?:you )?back(?: later)?|wrong number|all good|i'm (?:done|all set)|all set|have a (?:good|nice|great|lovely))\b/,
  ],
  ['goodbye', /\b(?:that's|that is) (?:all|everything)\b/],
  [
    'repeat',
    /\b(?:(?:say|repeat) (?:that|it|again|the)|say again|again please|one more time|1 more time|didn't (?:catch|hear|get|understand)|couldn't hear|can't hear|come again|what was that|what did you say|what do you mean|pardon|beg your pardon|excuse me what|can you repeat|could you repeat|repeat)\b|^(?:sorry|what|wait what|you what|huh|sorry what)$/,
  ],
  [
    'help',
    /\b(?:what can (?:i|you) (?:say|do|ask|help)|what are my (?:options|choices)|how does this work|what do i (?:say|do)|help me out|what are the options|what should i say)\b|^(?:help|help me|options|menu)(?: please)?$/,
  ],
  ['book', /\bchance of (?:an? )?(?:appointment|booking|slot|visit)\b/],
  [
    'availability',
    /\b(?:availability|how (?:soon|early|quickly) (?:can|could|would|do|are)|when (?:are|is|can|could|would|do) (?:you|ye|i|he|she|we|the next|there|the)|when's (?:the|your)|what (?:times?|days?|slots?|dates?) (?:do|are|have|is|can|would|you|suit)|what (?:have|do|did|has|would) (?:you|ye|they) (?:got|have|get)|what's (?:available|free|the (?:earliest|soonest|next|first|1st)|your (?:earliest|soonest|next|first|1st))|what is (?:available|free|the (?:earliest|soonest|next|1st)|your)|what else)\b/,
  ],
  [
    'availability',
    /\b(?:(?:have|has) (?:you|ye|they) (?:got )?(?:any|anything|a|something|space|room|got)|(?:do|did|would) (?:you|ye|they) have (?:any|anything|a|something|space|room|slots?|appointments?|availability|got)|(?:is|are) there (?:any|anything|a|something|space)(?! chance| real| person| human| way| actual)|(?:are|is) (?:you|ye|he|she|they|it) (?:free|open|available|working)|anything (?:free|available|open|going|left|at all|else|earlier|later|sooner|on|for|this|next|tomorrow|today|in the)|any (?:slots?|openings?|availability|free|spaces?|appointments?|times)\b(?! (?:is|suits|will|works)))/,
  ],
  ['availability', /^(?:is|are)\b.{1,40}\b(?:free|available|taken|open|possible)$/],
  [
    'book',
    /\b(?:book(?:ing)?(?! is)|appointment|make a reservation|reserve|schedule|schedule a|(?:get|come|pop|drop|squeeze|fit|slot) (?:me |us |him |her )?in\b|get seen|see (?:someone|somebody|the|a|dr|doctor)|fit me|squeeze me|need a slot|a slot|looking for a (?:slot|time)|set up a|like to come|want to come|can i come|could i come|any chance of)\b/,
  ],
  [
    'no',
    /^(?:(?:oh|well|sorry|yes|ok|actually|but|hang on|hold on|wait) )*(?:no|nope|nah|naw|negative|never|not really|not at all|neither|none|no thanks|definitely not|absolutely not|not that|not on|not)\b(?! (?:problem|bother|worries|sure|rush|1 of|idea|doubt|before|after|later|earlier))/,
  ],
  [
    'no',
    /\b(?:no good|don't (?:want|think so|like)|(?:doesn't|does not|don't|do not|won't|wouldn't|didn't|not) (?:really )?(?:suit|work|do)|(?:that's|that is|it's|is|that was) (?:wrong|not right|incorrect|not it|not what|no good|no use)|afraid not|rather not|prefer not|neither|none of|incorrect|wrong (?:day|time|date|name|one)|no use|not correct|is wrong|don't do that|can't do that)\b/,
  ],
  [
    'yes',
    /^(?:(?:oh|ah|well|um|ok|and|so) )*(?:yes|yeah|yea|yep|yup|yah|ya|aye|sure|ok|okay|okey|correct|right|exactly|absolutely|definitely|certainly|of course|perfect|great|grand|lovely|brilliant|super|excellent|fantastic|wonderful|fine|cool|deal|affirmative|indeed|please do|go ahead|go on|confirm(?:ed)?|do it|alright|all right|spot on|sound|happy days|fair enough|no problem|no bother|no worries|why not|good|cheers|ideal|agreed|totally|you bet|that's right|that is (?:right|correct)|haan|ji|theek hai)\b(?! (?:now|but no))/,
  ],
  [
    'yes',
    /\b(?:sounds (?:good|great|fine|perfect|lovely|ok)|(?:that|it|that's|this|one)(?: is| would be| will be|'s)? ?(?:works|suits|perfect|grand|fine|lovely|ideal|great)(?: for me| me)?$|that'll do|that will do|that works|works for me|suits me|is fine|(?:that's|that is|it's|is) (?:fine|grand|good|great|perfect|correct|right|lovely|ok|okay|it|ideal|the one)|the one$|go ahead|go for it|please do|book it|i'll take (?:it|that)|confirm it|do that|happy with that|let's do (?:it|that))\b|\b(?:yes|yeah|yep|yup)(?: please| thanks)?$/,
  ],
]
