// What stops the embedded PostgreSQL, said in one sentence to the person at the terminal.

export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
}

const sentences: Record<string, (folder: string) => string> = {
  ENOSPC: (folder) => `No space is left on the disk that holds ${folder}. Free some, or set PATCHBAY_DATA to a folder on another disk.`,
  EDQUOT: (folder) => `The disk quota of ${folder} is used up. Free some space, or set PATCHBAY_DATA to a folder on another disk.`,
  EROFS: (folder) => `${folder} is on a read-only file system. Set PATCHBAY_DATA to a folder that can be written.`,
  EACCES: (folder) => `${folder} may not be read and written by this user. Change its owner, or set PATCHBAY_DATA to another folder.`,
  EPERM: (folder) => `${folder} may not be changed by this user. Change its owner, or set PATCHBAY_DATA to another folder.`,
  ENOTDIR: (folder) => `${folder} lies inside something that is not a folder. Set PATCHBAY_DATA to a folder.`,
  EEXIST: (folder) => `${folder} is not a folder. Move it away, or set PATCHBAY_DATA to another folder.`,
}

/** Turns what the operating system says about `folder` into an EmbeddedError; anything else stays what it is. */
export function explain(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || error instanceof EmbeddedError) return error
  const code = 'code' in error ? String(error.code) : ''
  const sentence = sentences[code]
  return sentence ? new EmbeddedError(sentence(folder), { cause: error }) : error
}

const signs: readonly [RegExp, string][] = [
  [/No space left on device/i, 'ENOSPC'],
  [/Disk quota exceeded/i, 'EDQUOT'],
  [/Read-only file system/i, 'EROFS'],
  [/Permission denied/i, 'EACCES'],
]

/** The same for what PostgreSQL's own programs wrote. `what` completes "PostgreSQL could not …". */
export function explainOutput(what: string, output: string, folder: string): EmbeddedError {
  const code = signs.find(([sign]) => sign.test(output))?.[1]
  const sentence = code && sentences[code]
  if (sentence) return new EmbeddedError(sentence(folder), { cause: new Error(output) })
  const line = lastComplaint(output)
  return new EmbeddedError(`PostgreSQL could not ${what}${line ? `: ${line}` : ', and did not say why'}`, { cause: new Error(output) })
}

function lastComplaint(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const complaint = lines.findLast((line) => /\b(FATAL|PANIC|ERROR|error):/.test(line)) ?? lines.at(-1) ?? ''
  return complaint.replace(/^.*?\b(FATAL|PANIC|ERROR|error):\s*/, '').trim()
}
