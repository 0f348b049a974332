// S6. Calls as a file of any length: one page of rows is in memory at a time, whatever the format.
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { streamCalls } from '../../domain/calls/index.ts'
import { sightOf } from '../../domain/people/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import { callFilter } from './call-shapes.ts'
import { filterOf } from './calls.ts'
import { type ExportFormat, exportFormats } from './export-formats.ts'

const Query = Type.Object({ format: Type.Enum(['csv', 'ndjson', 'parquet'], { default: 'csv' }), ...callFilter })

export const callExport = (): AnyEndpoint[] => [
  endpoint({
    operation: 'calls.export',
    method: 'GET',
    path: '/v1/calls/export',
    summary: 'Calls as CSV, NDJSON or Parquet, oldest first, as many as there are',
    permission: 'calls:export',
    query: Query,
    response: { 200: 'text/csv, application/x-ndjson, application/vnd.apache.parquet' },
    tags: ['Calls'],
    handle: async ({ session, principal, query: { format, ...filter }, request }) => {
      const { contentType, write } = exportFormats[format as ExportFormat]
      const headers = {
        'content-type': contentType,
        'content-disposition': `attachment; filename="calls.${format}"`,
        'cache-control': 'no-store',
      }
      const pages = streamCalls(session, sightOf(principal), filterOf(filter))
      if (request.method === 'HEAD') return answer(200, null, headers)
      const file = Readable.from(write(await primed(pages)), { objectMode: false })
      // Of a file that nobody began to read no line has run that could let go of the pages.
      file.once('close', () => void pages.return(undefined))
      return answer(200, file, headers)
    },
  }),
]

/** The first page is fetched before the answer begins, so that what fails at once is an error and not half a file. */
async function primed<T>(pages: AsyncGenerator<T[]>): Promise<AsyncGenerator<T[]>> {
  const first = await pages.next()
  return (async function* () {
    try {
      if (first.done) return
      yield first.value
      yield* pages
    } finally {
      await pages.return(undefined)
    }
  })()
}
