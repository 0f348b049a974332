// Words that belong to one place each: the clock, the environment, randomness, SQL. Read from the syntax tree, so that
// comments and names do not count.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from '@swc/core'

interface Node {
  readonly type: string
  readonly span: { readonly start: number }
  readonly [key: string]: unknown
}

interface Ban {
  readonly name: string
  /** Where the word is at home. */
  readonly home: RegExp
  readonly found: (node: Node) => boolean
  readonly instead: string
}

const isTest = /\.(test|fixture)\.ts$|(^|\/)test-[^/]+\.ts$/

const bans: readonly Ban[] = [
  {
    name: 'process.env',
    home: /^src\/platform\/config\/|^sandbox\/settings\.ts$/,
    found: (node) => isMember(node, 'process', 'env'),
    instead: 'Add a row to src/platform/config/table.ts and take the value from the settings (in the sandbox: settings.ts).',
  },
  {
    name: 'the clock',
    home: /^src\/platform\/time\/|^sandbox\//,
    found: (node) =>
      (node.type === 'NewExpression' && isName(node.callee, 'Date') && !hasArguments(node)) ||
      isMember(node, 'Date', 'now') ||
      isMember(node, 'Temporal', 'Now'),
    instead: 'Take the time from session.now() or from the Clock that you are handed.',
  },
  {
    name: 'Math.random',
    home: /^sandbox\//,
    found: (node) => isMember(node, 'Math', 'random'),
    instead: 'Use src/platform/ids, or take randomness as an argument.',
  },
  {
    name: 'SQL',
    home: /\.sql\.ts$|^src\/platform\/db\/|^sandbox\//,
    found: isSql,
    instead: 'Name the statement in the *.sql.ts beside this file.',
  },
]

export interface Words {
  readonly files: number
  readonly problems: string[]
}

export function checkWords(root: string): Words {
  const files = globSync('{src,sandbox}/**/*.ts', { cwd: root }).filter((file) => !isTest.test(file))
  return { files: files.length, problems: files.flatMap((file) => problemsOf(file, readFileSync(join(root, file), 'utf8'))) }
}

export function problemsOf(file: string, source: string): string[] {
  // The parser counts bytes from wherever its last file ended; an empty statement in front says where this one begins.
  const bytes = Buffer.from(`;${source}`)
  const tree = parseSync(bytes.toString(), { syntax: 'typescript', target: 'esnext' })
  const start = tree.body[0]?.span.start ?? 0
  const lineOf = (node: Node) =>
    bytes
      .subarray(0, node.span.start - start)
      .toString()
      .split('\n').length
  const strict = bans.filter(({ home }) => !home.test(file))
  const problems: string[] = []
  walk(tree, (node) => {
    for (const ban of strict)
      if (ban.found(node)) problems.push(`${file}:${lineOf(node)} ${ban.name} has no place here.\n    ${ban.instead}`)
  })
  return problems
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  if (isNode(value)) visit(value)
  for (const inner of Object.values(value)) walk(inner, visit)
}

const isNode = (value: object): value is Node => 'type' in value && 'span' in value

const isName = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && 'value' in value && 'type' in value && value.type === 'Identifier' && value.value === name

/** `object.property`, `object['property']` and `const { property } = object`. */
function isMember(node: Node, object: string, property: string): boolean {
  if (node.type === 'MemberExpression') return isName(node.object, object) && namesProperty(node.property, property)
  if (node.type !== 'VariableDeclarator' || !isName(node.init, object)) return false
  return JSON.stringify(node.id).includes(`"value":"${property}"`)
}

function namesProperty(value: unknown, name: string): boolean {
  if (isName(value, name)) return true
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Computed' || !('expression' in value))
    return false
  const { expression } = value
  return typeof expression === 'object' && expression !== null && 'value' in expression && expression.value === name
}

const hasArguments = (node: Node): boolean => Array.isArray(node.arguments) && node.arguments.length > 0

const sql =
  /^\s*(SELECT\s+\S[\s\S]*\bFROM\b|SELECT\s+[\w.]+\(|INSERT\s+INTO\s|UPDATE\s+[\w."]+\s+SET\s|DELETE\s+FROM\s|WITH\s+(RECURSIVE\s+)?\w+\s+AS\s|MERGE\s+INTO\s|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|ROLE|SCHEMA|DATABASE|FUNCTION|POLICY|EXTENSION)\b)/

function isSql(node: Node): boolean {
  if (node.type === 'StringLiteral') return typeof node.value === 'string' && sql.test(node.value)
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis)) return false
  return sql.test(node.quasis.map((part: { raw?: unknown }) => String(part.raw ?? '')).join('x'))
}
