// The numbers that can be bought here: made up by rule from a few countries' plans, in the ranges kept for fiction where there are any,
// so that a search gives the same numbers each time. Area code 533 has none, as with Twilio's test credentials.

export type Kind = 'local' | 'toll-free' | 'mobile'

interface Area {
  code: string
  region: string | null
  locality: string | null
}

export interface Country {
  iso: string
  dial: string
  areas: Record<Kind, Area[]>
  /** Digits after the area code: a fixed start and how many follow. */
  line: { start: string; digits: number }
}

const area = (code: string, region: string | null = null, locality: string | null = null): Area => ({ code, region, locality })

const us = [
  area('201', 'NJ', 'Jersey City'),
  area('212', 'NY', 'New York'),
  area('312', 'IL', 'Chicago'),
  area('415', 'CA', 'San Francisco'),
  area('512', 'TX', 'Austin'),
  area('617', 'MA', 'Boston'),
]
const free = [area('800'), area('833'), area('844'), area('855')]

const countries: Country[] = [
  { iso: 'US', dial: '+1', areas: { local: us, 'toll-free': free, mobile: [] }, line: { start: '5550', digits: 3 } },
  {
    iso: 'CA',
    dial: '+1',
    areas: { local: [area('416', 'ON', 'Toronto'), area('604', 'BC', 'Vancouver')], 'toll-free': free, mobile: [] },
    line: { start: '5550', digits: 3 },
  },
  {
    iso: 'GB',
    dial: '+44',
    areas: { local: [area('20', null, 'London'), area('161', null, 'Manchester')], 'toll-free': [area('808')], mobile: [area('77')] },
    line: { start: '4960', digits: 4 },
  },
  {
    iso: 'IE',
    dial: '+353',
    areas: { local: [area('1', null, 'Dublin')], 'toll-free': [area('1800')], mobile: [area('87')] },
    line: { start: '555', digits: 4 },
  },
  {
    iso: 'DE',
    dial: '+49',
    areas: { local: [area('30', null, 'Berlin'), area('89', null, 'München')], 'toll-free': [area('800')], mobile: [area('171')] },
    line: { start: '23125', digits: 3 },
  },
]

const perArea = 200

export const countryOf = (iso: string) => countries.find((country) => country.iso === iso.toUpperCase()) ?? null

export interface Stock {
  phoneNumber: string
  region: string | null
  locality: string | null
}

/** What fits `AreaCode`, `Contains`, `InRegion` and `InLocality`, without what is taken. */
export function availableNumbers(country: Country, kind: Kind, query: URLSearchParams, taken: Set<string>): Stock[] {
  const contains = query.get('Contains')
  const pattern = contains ? patternOf(contains) : null
  return areasFor(country, kind, query)
    .flatMap((each) => Array.from({ length: perArea }, (_, n) => stockOf(country, each, n)))
    .filter((stock) => !taken.has(stock.phoneNumber) && (pattern === null || pattern.test(stock.phoneNumber)))
}

function areasFor(country: Country, kind: Kind, query: URLSearchParams): Area[] {
  const code = query.get('AreaCode')
  const known = country.areas[kind]
  const isNorthAmerican = country.dial === '+1' && code !== null && /^[2-9]\d{2}$/.test(code) && code !== '533'
  const areas = isNorthAmerican && !known.some((each) => each.code === code) && kind === 'local' ? [...known, area(code)] : known
  const same = (name: string, value: string | null) => query.get(name) === null || query.get(name)?.toLowerCase() === value?.toLowerCase()
  return areas.filter((each) => (code === null || each.code === code) && same('InRegion', each.region) && same('InLocality', each.locality))
}

function stockOf(country: Country, each: Area, n: number): Stock {
  // A stride that shares no factor with the range spreads the numbers over it without a repeat.
  const line = String((n * 7 + 101) % 10 ** country.line.digits).padStart(country.line.digits, '0')
  return { phoneNumber: `${country.dial}${each.code}${country.line.start}${line}`, region: each.region, locality: each.locality }
}

const keypad: Record<string, string> = {
  a: '2',
  b: '2',
  c: '2',
  d: '3',
  e: '3',
  f: '3',
  g: '4',
  h: '4',
  i: '4',
  j: '5',
  k: '5',
  l: '5',
  m: '6',
  n: '6',
  o: '6',
  p: '7',
  q: '7',
  r: '7',
  s: '7',
  t: '8',
  u: '8',
  v: '8',
  w: '9',
  x: '9',
  y: '9',
  z: '9',
}

/** `*` is any digit, letters are their keys. */
function patternOf(contains: string): RegExp {
  const digits = [...contains.toLowerCase()]
    .map((sign) => keypad[sign] ?? sign)
    .join('')
    .replace(/[^\d*]/g, '')
  return new RegExp(digits.replaceAll('*', '\\d'))
}
