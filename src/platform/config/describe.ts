// The settings as documentation: rows for `patchbay doctor` and the tables of docs/settings.md.
import type { Field, Origin } from './kinds.ts'
import { table, withoutMeaning } from './table.ts'

export interface SettingRow {
  readonly variable: string
  readonly aliases: readonly string[]
  readonly type: string
  /** As it would be written; null when there is none. */
  readonly default: string | null
  readonly description: string
  readonly secret: boolean
  readonly from: readonly Origin[]
  readonly unused: boolean
}

export function describeSettings(): SettingRow[] {
  return Object.entries<Field<unknown>>(table).map(([variable, field]) => ({
    variable,
    aliases: field.aliases ?? [],
    type: field.type,
    default: defaultOf(field),
    description: field.text,
    secret: field.secret,
    from: field.from,
    unused: field.unused ?? false,
  }))
}

function defaultOf(field: Field<unknown>): string | null {
  if (field.otherwise) return field.otherwise
  const value = field.default
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return null
  if (typeof value === 'boolean') return value ? '`on`' : '`off`'
  return `\`${Array.isArray(value) ? value.join(',') : value}\``
}

/** docs/settings.md, whole. */
export function renderSettings(): string {
  const rows = describeSettings()
  const used = rows.filter(({ unused }) => !unused)
  const waiting = rows.filter(({ unused }) => unused)
  return `${[
    '# Settings',
    'Variables of the environment, or lines of a file `.env` in the folder where Patchbay is started (the environment is stronger).',
    'An empty variable is one that is not set. All problems are reported at once, and no value of a secret is ever shown.',
    'This page is made from `src/platform/config/table.ts` by `npm run docs`, and a test holds the two equal.',
    '',
    ...tableOf(used),
    '',
    'Limits are written `100/s;burst=200`, `600/min`, `1000/h` or `off`.',
    '',
    '## Not used yet',
    'These are read and checked, and nothing depends on them so far.',
    '',
    ...tableOf(waiting),
    '',
    '## Without meaning here',
    ...Object.entries(withoutMeaning).map(([variable, reason]) => `- \`${variable}\`: ${reason}`),
  ].join('\n')}\n`
}

const tableOf = (rows: readonly SettingRow[]): string[] => [
  '| variable | what it is | otherwise | named by |',
  '| --- | --- | --- | --- |',
  ...rows.map(
    (row) =>
      `| ${nameOf(row)} | ${row.description} *${row.type}${row.secret && row.type !== 'secret' ? ', secret' : ''}* | ${row.default ?? ''} | ${row.from.join(', ')} |`,
  ),
]

const nameOf = ({ variable, aliases }: SettingRow): string => [variable, ...aliases].map((name) => `\`${name}\``).join(' or ')
