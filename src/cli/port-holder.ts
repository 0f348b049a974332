// Which process holds a port: Linux tells in /proc, elsewhere the question stays open.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const listening = '0A'

/** `node (pid 1234)`, or null when it cannot be told. */
export function portHolder(port: number): string | null {
  try {
    const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => listeners(file, port)))
    if (inodes.size === 0) return null
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsOne(pid, inodes)) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (pid ${pid})`
    }
  } catch {
    // no /proc, or none of our business: the sentence goes without the name
  }
  return null
}

function listeners(file: string, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) && fields[3] === listening)
    .flatMap((fields) => (fields[9] ? [fields[9]] : []))
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  let handles: string[]
  try {
    handles = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return false // another user's process, or one that has just ended
  }
  return handles.some((handle) => {
    try {
      return inodes.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${handle}`))?.[1] ?? '')
    } catch {
      return false // closed meanwhile
    }
  })
}
