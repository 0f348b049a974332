// Puts a name that was said later together with the one said before: "no, Catherine with a C" changes only the first name.

/** Number of letters to change, for short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

const longestName = 80
const alike = 3

export function mergeName(before: string | null, said: string): string {
  const name = said.trim().slice(0, longestName)
  if (before === null || name.includes(' ') || !before.includes(' ')) return name
  const parts = before.split(' ')
  const far = parts.map((part) => distance(part.toLowerCase(), name.toLowerCase()))
  const nearest = far.indexOf(Math.min(...far))
  return (far[nearest] ?? alike + 1) <= alike ? parts.map((part, i) => (i === nearest ? name : part)).join(' ') : name
}
