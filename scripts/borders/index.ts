// npm run check: who may know whom, and which words belong where.
import { fileURLToPath } from 'node:url'
import { checkImports } from './imports.ts'
import { checkWords } from './words.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const imports = await checkImports(root)
const words = checkWords(root)
const problems = [...imports.problems, ...words.problems]
if (imports.modules === 0 || imports.dependencies === 0 || words.files === 0)
  problems.push('Nothing was looked at: the parser no longer reads TypeScript.')
for (const problem of problems) console.error(`  ${problem}`)
console.log(`${imports.modules} modules, ${imports.dependencies} imports, ${words.files} files read: ${problems.length} problems`)
process.exitCode = problems.length === 0 ? 0 : 1
