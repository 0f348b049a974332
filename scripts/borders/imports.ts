// Borders between folders: the rules of .dependency-cruiser.cjs over every import, types included. A tool that has
// looked at nothing has found nothing wrong, so it is counted what it looked at.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseOptions, type IForbiddenRuleType } from 'dependency-cruiser'

const config: { forbidden: IForbiddenRuleType[]; options: ICruiseOptions } = createRequire(import.meta.url)(
  fileURLToPath(new URL('../../.dependency-cruiser.cjs', import.meta.url)),
)

export interface Found {
  readonly modules: number
  readonly dependencies: number
  /** `rule: from → to`, and what to use instead. */
  readonly problems: string[]
}

export async function checkImports(root: string): Promise<Found> {
  const folders = ['src', 'sandbox', 'console', 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder)))
  const { output } = await cruise(folders, { ...config.options, baseDir: root, validate: true, ruleSet: { forbidden: config.forbidden } })
  if (typeof output === 'string') throw new Error('the cruise answered with text')
  const { totalCruised, totalDependenciesCruised = 0, violations } = output.summary
  const comments = new Map(config.forbidden.map(({ name, comment }) => [name, comment]))
  return {
    modules: totalCruised,
    dependencies: totalDependenciesCruised,
    problems: violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}\n    ${comments.get(rule.name) ?? ''}`),
  }
}
