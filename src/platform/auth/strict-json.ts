// Finds a key that stands twice in one object. JSON.parse keeps the last, others keep the first: a token that two
// readers understand differently is refused.

/** `text` is known to be JSON. */
export function hasRepeatedKey(text: string): boolean {
  const open: (Set<string> | null)[] = []
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g
  let keyComes = false
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const part = match[0]
    const keys = open.at(-1)
    if (part === '{') open.push(new Set())
    else if (part === '[') open.push(null)
    else if (part === '}' || part === ']') open.pop()
    else if (part.startsWith('"') && keyComes && keys) {
      const key = JSON.parse(part) as string
      if (keys.has(key)) return true
      keys.add(key)
    }
    keyComes = part === '{' || (part === ',' && open.at(-1) != null)
  }
  return false
}
