// What a migration says, statement by statement, and which of it would stop requests on a table that is in use.

/** Comments gone, split at the semicolons that end a statement: not those within quotes or $$. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = []
  let current = ''
  for (const [token] of sql.matchAll(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$[\s\S]*?\$\1\$|;|[^-/'"$;]+|[\s\S]/g)) {
    if (token === ';') {
      statements.push(current)
      current = ''
    } else if (!token.startsWith('--') && !token.startsWith('/*')) current += token
  }
  return [...statements, current].map((statement) => statement.replace(/\s+/g, ' ').trim()).filter(Boolean)
}

interface Danger {
  readonly name: string
  readonly found: RegExp
  readonly instead: string
}

/** The first group is the table. On one that the same migration made, nothing is dangerous. */
const dangers: readonly Danger[] = [
  {
    name: 'an index built under a lock',
    found: /^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?\w+ ON (?:ONLY )?([\w.]+)/i,
    instead: 'a migration of its own with `-- CONCURRENTLY name ON table (columns)`',
  },
  {
    name: 'a column of another type',
    found: /^ALTER TABLE (?:ONLY )?([\w.]+) .*\bALTER (?:COLUMN )?\w+ (?:SET DATA )?TYPE\b/i,
    instead: 'a new column',
  },
  {
    name: 'a column that must not be null',
    found: /^ALTER TABLE (?:ONLY )?([\w.]+) .*\bSET NOT NULL\b/i,
    instead: 'a CHECK … NOT VALID, validated',
  },
  {
    name: 'a column without a value',
    found: /^ALTER TABLE (?:ONLY )?([\w.]+) (?=.*\bADD (?:COLUMN )?(?!CONSTRAINT)\w+ [^,]*\bNOT NULL\b)(?!.*\bDEFAULT\b)/i,
    instead: 'a constant DEFAULT',
  },
  {
    name: 'a default that differs from row to row',
    found:
      /^ALTER TABLE (?:ONLY )?([\w.]+) .*\bADD (?:COLUMN )?(?!CONSTRAINT)\w+ [^,]*(?:DEFAULT (?:gen_random_uuid|clock_timestamp|nextval|random)\(|GENERATED)/i,
    instead: 'a column without it, filled bit by bit',
  },
  {
    name: 'a constraint that reads every row',
    found:
      /^ALTER TABLE (?:ONLY )?([\w.]+) (?=.*\bADD (?:CONSTRAINT|PRIMARY|UNIQUE|FOREIGN|CHECK|EXCLUDE)\b)(?!.*\b(?:NOT VALID|USING INDEX)\b)/i,
    instead: 'NOT VALID first, VALIDATE in the next migration',
  },
  {
    name: 'something that running processes may still use',
    found: /^ALTER TABLE (?:ONLY )?([\w.]+) .*\b(?:DROP COLUMN|DROP (?!CONSTRAINT|DEFAULT|NOT|EXPRESSION)\w+|RENAME)\b/i,
    instead: 'two releases: first nobody uses it, then it goes',
  },
  {
    name: 'a table that running processes may still use',
    found: /^(?:DROP TABLE|TRUNCATE(?: TABLE)?) (?:IF EXISTS )?([\w.]+)/i,
    instead: 'two releases',
  },
  { name: 'a change of every row', found: /^(?:UPDATE|DELETE FROM) (?:ONLY )?([\w.]+)/i, instead: 'a job that does it bit by bit' },
  { name: 'a rewrite', found: /^(?:VACUUM FULL|CLUSTER|REINDEX (?!.*CONCURRENTLY)\w+) ?([\w.]*)/i, instead: 'its concurrent form' },
  { name: 'a lock', found: /^LOCK (?:TABLE )?([\w.]+)/i, instead: 'nothing: each statement takes what it needs' },
]

/** `what: statement`, and what to do instead. */
export function dangersIn(sql: string): { readonly found: string; readonly instead: string }[] {
  const statements = statementsOf(sql)
  const own = new Set(statements.flatMap((statement) => /^CREATE TABLE (?:IF NOT EXISTS )?([\w.]+)/i.exec(statement)?.[1] ?? []))
  return statements.flatMap((statement) =>
    dangers.flatMap(({ name, found, instead }) => {
      const table = found.exec(statement)?.[1]
      return table === undefined || own.has(table) ? [] : [{ found: `${name}: ${statement.slice(0, 70)}`, instead }]
    }),
  )
}
