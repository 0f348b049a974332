// patchbay openapi: the OpenAPI documents, from the contracts alone: nothing runs and no database is needed.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { contracts } from '../contracts/index.ts'
import { checkOpenApiFiles, diffOpenApiFiles, documentsOf, paperHouse, writeOpenApiFiles } from '../contracts/reference/index.ts'
import { type Contract, toAwsOpenApi } from '../platform/http/index.ts'
import { version } from '../platform/version.ts'
import { CommandError, say } from './terminal.ts'

const folder = join(fileURLToPath(new URL('../../', import.meta.url)), 'docs', 'openapi')
const options = { write: { type: 'boolean', default: false }, check: { type: 'boolean', default: false }, aws: { type: 'string' } } as const

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const table = contracts(paperHouse(version))
  if (values.write) return write(table)
  if (values.check) return check(table)
  const documents = documentsOf(table, version)
  const name = positionals[0] ?? (values.aws === undefined ? 'all' : 'sapien')
  const document = documents.get(name)
  if (!document) throw new CommandError(`There is no document ${name}; there are ${[...documents.keys()].join(', ')}.`)
  console.log(JSON.stringify(values.aws === undefined ? document : toAwsOpenApi(document, values.aws), null, 2))
  return 0
}

async function write(table: readonly Contract[]): Promise<number> {
  const written = await writeOpenApiFiles(folder, table, version)
  say(`Wrote ${written.join(', ')} to docs/openapi.`)
  return 0
}

/** Fails when the committed files are not what the code says; tells what of it would break a client. */
async function check(table: readonly Contract[]): Promise<number> {
  const stale = await checkOpenApiFiles(folder, table, version)
  if (stale.length === 0) {
    say('docs/openapi says what the code does.')
    return 0
  }
  for (const [name, changes] of await diffOpenApiFiles(folder, table, version)) {
    for (const { operation, what } of changes) say(`  ${name}: ${operation} ${what}`)
  }
  throw new CommandError(`docs/openapi is not what the code says now: ${stale.join(', ')}. Write it with ./patchbay openapi --write.`)
}
