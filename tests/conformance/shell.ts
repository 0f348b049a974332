// Reads a curl command as a shell and curl would, as far as the reference page uses them.

export interface Command {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** @throws Error on an option that the page has no reason to use, or a variable that is not given */
export function readCurl(text: string, variables: Readonly<Record<string, string>>): Command {
  const [name, ...words] = split(text, variables)
  if (name !== 'curl') throw new Error(`not a curl command: ${text}`)
  let method: string | null = null
  let url = ''
  const headers: Record<string, string> = {}
  const bodies: string[] = []
  const rest = words.values()
  for (const word of rest) {
    const value = () => rest.next().value ?? ''
    if (word === '-X') method = value()
    else if (word === '-H') addHeader(headers, value())
    else if (word === '-d') bodies.push(value())
    else if (word === '--data-urlencode') bodies.push(encode(value()))
    else if (word.startsWith('-')) throw new Error(`${word} is not expected`)
    else url = word
  }
  const body = bodies.length > 0 ? bodies.join('&') : null
  if (body !== null && !headers['content-type']) headers['content-type'] = 'application/x-www-form-urlencoded'
  return { method: method ?? (body === null ? 'GET' : 'POST'), url, headers, body }
}

function addHeader(headers: Record<string, string>, line: string): void {
  const colon = line.indexOf(':')
  headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
}

function encode(pair: string): string {
  const [name = '', ...rest] = pair.split('=')
  return `${name}=${encodeURIComponent(rest.join('='))}`
}

function split(text: string, variables: Readonly<Record<string, string>>): string[] {
  const pieces = /\\\n|(\s+)|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\]+)/gs
  const words: string[] = []
  let word: string | null = null
  for (const [whole, space, single, double, escaped, bare] of text.matchAll(pieces)) {
    if (whole === '\\\n') continue
    if (space !== undefined) {
      if (word !== null) words.push(word)
      word = null
    } else
      word =
        (word ?? '') +
        (single ?? escaped ?? (double !== undefined ? expand(double.replace(/\\(.)/g, '$1'), variables) : expand(bare ?? '', variables)))
  }
  return word === null ? words : [...words, word]
}

function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
    const value = variables[braced ?? bare ?? '']
    if (value === undefined) throw new Error(`$${braced ?? bare} is not set in ${text}`)
    return value
  })
}
