// The names of all statements, read from the sources: what is added there is expected here by itself.
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../src/', import.meta.url))

export function statementNames(): string[] {
  return globSync('**/*.sql.ts', { cwd: root })
    .flatMap((file) =>
      [...readFileSync(`${root}${file}`, 'utf8').matchAll(/\bstatement(?:<[^(]*>)?\(\s*'([a-z0-9_]+)'/g)].map(([, name]) => name ?? ''),
    )
    .sort()
}
