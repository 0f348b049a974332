// Reads TwiML: a strict, small XML parser (elements, attributes, text, CDATA, comments; no DTD, no entities of one's own)
// and the schema of the voice verbs. Refuses as Twilio does: 12100 when it is no XML, 12200 for what the schema does not know.
import { nestedIn, verbs } from './verbs.ts'

export interface Element {
  name: string
  attributes: Record<string, string>
  children: Element[]
  /** All text inside, also that of nested elements, with white space collapsed. */
  text: string
}

export class TwimlError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const deepest = 12

/** @returns the verbs of the document and what the schema warns of. @throws TwimlError 12100 */
export function parseTwiml(xml: string): { verbs: Element[]; warnings: string[] } {
  const root = parseXml(xml)
  if (root.name !== 'Response') throw new TwimlError(12100, `the document element is <${root.name}>, not <Response>`)
  return { verbs: root.children, warnings: root.children.flatMap((verb) => check(verb, 'Response')) }
}

function check(element: Element, parent: string): string[] {
  const allowed = nestedIn[parent] ?? []
  if (!allowed.includes(element.name) && !allowed.includes('*')) return [`<${element.name}> is not allowed in <${parent}>`]
  const known = verbs[element.name]
  const strange = known ? Object.keys(element.attributes).filter((name) => !known.includes(name)) : []
  return [
    ...strange.map((name) => `<${element.name}> has no attribute "${name}"`),
    ...element.children.flatMap((child) => check(child, element.name)),
  ]
}

interface Reader {
  text: string
  at: number
}

function parseXml(text: string): Element {
  const reader: Reader = { text: text.replace(/^\uFEFF/, ''), at: 0 }
  skipMisc(reader)
  const root = parseElement(reader, 0)
  skipMisc(reader)
  if (reader.at < reader.text.length) fail(reader, 'there is content after the document element')
  return root
}

function fail(reader: Reader, why: string): never {
  throw new TwimlError(12100, `Document parse failure at character ${reader.at}: ${why}`)
}

const startsWith = (reader: Reader, what: string) => reader.text.startsWith(what, reader.at)

/** Between the elements of a document: white space, the XML declaration, instructions and comments. */
function skipMisc(reader: Reader): void {
  for (;;) {
    skipSpace(reader)
    if (startsWith(reader, '<?')) skipPast(reader, '?>')
    else if (startsWith(reader, '<!--')) skipPast(reader, '-->')
    else return
  }
}

function skipSpace(reader: Reader): void {
  while (/\s/.test(reader.text[reader.at] ?? '')) reader.at += 1
}

function skipPast(reader: Reader, end: string): void {
  const found = reader.text.indexOf(end, reader.at)
  if (found === -1) fail(reader, `"${end}" is missing`)
  reader.at = found + end.length
}

function parseElement(reader: Reader, depth: number): Element {
  if (depth > deepest) fail(reader, 'elements are nested too deeply')
  if (reader.text[reader.at] !== '<') fail(reader, reader.text === '' ? 'the document is empty' : 'an element was expected')
  reader.at += 1
  const name = parseName(reader)
  const attributes = parseAttributes(reader)
  const element: Element = { name, attributes, children: [], text: '' }
  if (startsWith(reader, '/>')) {
    reader.at += 2
    return element
  }
  if (reader.text[reader.at] !== '>') fail(reader, `<${name}> is not closed`)
  reader.at += 1
  parseContent(reader, element, depth)
  element.text = element.text.replace(/\s+/g, ' ').trim()
  return element
}

function parseContent(reader: Reader, element: Element, depth: number): void {
  for (;;) {
    const next = reader.text.indexOf('<', reader.at)
    if (next === -1) fail(reader, `</${element.name}> is missing`)
    element.text += decode(reader, reader.text.slice(reader.at, next))
    reader.at = next
    if (startsWith(reader, '</')) break
    if (startsWith(reader, '<!--')) skipPast(reader, '-->')
    else if (startsWith(reader, '<![CDATA[')) {
      const from = reader.at + 9
      skipPast(reader, ']]>')
      element.text += reader.text.slice(from, reader.at - 3)
    } else {
      const child = parseElement(reader, depth + 1)
      element.children.push(child)
      element.text += ` ${child.text} `
    }
  }
  parseEnd(reader, element.name)
}

function parseEnd(reader: Reader, name: string): void {
  reader.at += 2
  const ended = parseName(reader)
  skipSpace(reader)
  if (ended !== name || reader.text[reader.at] !== '>') fail(reader, `<${name}> is ended by </${ended}>`)
  reader.at += 1
}

function parseName(reader: Reader): string {
  const name = /^[A-Za-z_][\w.:-]*/.exec(reader.text.slice(reader.at, reader.at + 80))?.[0]
  if (!name) fail(reader, 'a name was expected')
  reader.at += name.length
  return name
}

function parseAttributes(reader: Reader): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (;;) {
    const before = reader.at
    skipSpace(reader)
    if (startsWith(reader, '>') || startsWith(reader, '/>') || reader.at >= reader.text.length) return attributes
    if (reader.at === before) fail(reader, 'white space was expected before an attribute')
    const name = parseName(reader)
    skipSpace(reader)
    if (reader.text[reader.at] !== '=') fail(reader, `the attribute ${name} has no value`)
    reader.at += 1
    skipSpace(reader)
    if (name in attributes) fail(reader, `the attribute ${name} is given twice`)
    attributes[name] = parseValue(reader, name)
  }
}

function parseValue(reader: Reader, name: string): string {
  const quote = reader.text[reader.at]
  if (quote !== '"' && quote !== "'") fail(reader, `the value of ${name} is not quoted`)
  const end = reader.text.indexOf(quote, reader.at + 1)
  if (end === -1) fail(reader, `the value of ${name} has no end`)
  const raw = reader.text.slice(reader.at + 1, end)
  if (raw.includes('<')) fail(reader, `the value of ${name} holds a "<"`)
  const value = decode(reader, raw)
  reader.at = end + 1
  return value
}

function decode(reader: Reader, raw: string): string {
  if (!raw.includes('&')) return raw
  return raw.replace(/&([^;\s&]{0,10})(;?)/g, (_whole, name: string, end: string) => {
    const code = /^#(?:x([0-9a-f]+)|(\d+))$/i.exec(name)
    const point = code ? (code[1] ? Number.parseInt(code[1], 16) : Number(code[2])) : null
    const character = point === null ? entities[name] : point <= 0x10ffff ? String.fromCodePoint(point) : undefined
    if (end !== ';' || character === undefined) fail(reader, `"&${name}" is no entity`)
    return character
  })
}
