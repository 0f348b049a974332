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
  const oneWay = domainCycles(
    output.modules.flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => [source, resolved] as const)),
  )
  const { totalCruised, totalDependenciesCruised = 0, violations } = output.summary
  const comments = new Map(config.forbidden.map(({ name, comment }) => [name, comment]))
  return {
    modules: totalCruised,
    dependencies: totalDependenciesCruised,
    problems: [...violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}\n    ${comments.get(rule.name) ?? ''}`), ...oneWay],
  }
}

/** Folders of the domain that reach themselves over others. Files of src/domain itself belong to no folder. */
function domainCycles(imports: readonly (readonly [string, string])[]): string[] {
  const folderOf = (path: string) => /^src\/domain\/([^/]+)\//.exec(path)?.[1]
  const needs = new Map<string, Set<string>>()
  for (const [from, to] of imports) {
    const [own, other] = [folderOf(from), folderOf(to)]
    if (own && other && own !== other && !/\.(test|fixture)\.ts$/.test(from)) needs.set(own, (needs.get(own) ?? new Set()).add(other))
  }
  const instead = 'Between domain folders imports go one way; what must flow back is an event.'
  return [...needs.keys()].flatMap((start) => {
    const back = wayBack(start, needs)
    return back ? [`domain-one-way: ${back.join(' → ')}\n    ${instead}`] : []
  })
}

/** The shortest way from a folder back to itself. */
function wayBack(start: string, needs: ReadonlyMap<string, ReadonlySet<string>>): string[] | null {
  const ways = [[start]]
  const seen = new Set<string>()
  for (let way = ways.shift(); way; way = ways.shift()) {
    for (const next of needs.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return [...way, start]
      if (!seen.has(next)) ways.push([...way, next])
      seen.add(next)
    }
  }
  return null
}
