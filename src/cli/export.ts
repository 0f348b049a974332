// patchbay export calls: what GET /v1/calls/export answers, without HTTP: a page of rows is in memory at a time.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type ExportFormat, exportFormats } from '../contracts/sapien/export-formats.ts'
import { streamCalls } from '../domain/calls/index.ts'
import { sightOf } from '../domain/people/index.ts'
import { listOrganizationIds } from '../domain/tenancy/index.ts'
import { CommandError, parseId } from './terminal.ts'
import { withWorkshop } from './workshop.ts'

const options = {
  org: { type: 'string', default: '100' },
  format: { type: 'string', default: 'csv' },
  from: { type: 'string' },
  to: { type: 'string' },
} as const

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  if (positionals[0] !== 'calls') throw new CommandError('Say export calls [--format csv|ndjson|parquet] > file.')
  const { format } = values
  if (!isFormat(format)) throw new CommandError(`--format takes ${Object.keys(exportFormats).join(', ')}, not ${format}.`)
  if (format === 'parquet' && process.stdout.isTTY)
    throw new CommandError('Parquet is not for reading: send it to a file with > calls.parquet.')
  const filter = { from: instant(values.from, '--from'), to: instant(values.to, '--to') }
  const organizationId = parseId(values.org, '--org')
  return withWorkshop(async ({ session: sessionOf, database }) => {
    if (!(await listOrganizationIds(database)).includes(organizationId))
      throw new CommandError(`There is no organisation ${organizationId}.`)
    const session = sessionOf(organizationId)
    const pages = streamCalls(session, sightOf(session.principal), filter)
    return send(Readable.from(exportFormats[format].write(pages), { objectMode: false }))
  })
}

const isFormat = (text: string): text is ExportFormat => text in exportFormats

/** A day stands for its beginning in UTC. */
function instant(text: string | undefined, option: string): Date | null {
  if (text === undefined) return null
  const at = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? new Date(text) : new Date(Number.NaN)
  if (Number.isNaN(at.getTime()))
    throw new CommandError(`${option} must be a time such as 2026-11-01 or 2026-11-01T09:00:00Z, not ${text}.`)
  return at
}

/** Whoever reads may stop when they have seen enough (`| head`). */
async function send(body: Readable): Promise<number> {
  try {
    await pipeline(body, process.stdout, { end: false })
    return 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0
    throw error
  }
}
