// Rows of calls as text or columns, page by page. CSV cells that a spreadsheet would run as a formula are made plain text.
import { stringify } from 'csv-stringify/sync'
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import type { ExportRow } from '../../domain/calls/index.ts'
import { wireTime } from '../../platform/time/index.ts'

export type ExportFormat = 'csv' | 'ndjson' | 'parquet'
type Pages = AsyncGenerator<ExportRow[]>
type Bytes = AsyncGenerator<string | Uint8Array>

interface Column {
  readonly name: keyof ExportRow
  readonly type: 'STRING' | 'INT32' | 'INT64' | 'TIMESTAMP'
}
const columns: readonly Column[] = [
  { name: 'id', type: 'STRING' },
  { name: 'direction', type: 'STRING' },
  { name: 'from', type: 'STRING' },
  { name: 'to', type: 'STRING' },
  { name: 'startTime', type: 'TIMESTAMP' },
  { name: 'answerTime', type: 'TIMESTAMP' },
  { name: 'endTime', type: 'TIMESTAMP' },
  { name: 'duration', type: 'INT32' },
  { name: 'status', type: 'STRING' },
  { name: 'outcome', type: 'STRING' },
  { name: 'hangupCause', type: 'STRING' },
  { name: 'userId', type: 'INT64' },
  { name: 'agentId', type: 'STRING' },
  { name: 'contactId', type: 'INT64' },
  { name: 'costMicros', type: 'INT64' },
  { name: 'currency', type: 'STRING' },
]

export const exportFormats: Readonly<Record<ExportFormat, { contentType: string; write: (pages: Pages) => Bytes }>> = {
  csv: { contentType: 'text/csv; charset=utf-8', write: writeCsv },
  ndjson: { contentType: 'application/x-ndjson; charset=utf-8', write: writeNdjson },
  parquet: { contentType: 'application/vnd.apache.parquet', write: writeParquet },
}

async function* writeCsv(pages: Pages): Bytes {
  yield stringify([columns.map(({ name }) => name)])
  for await (const rows of pages) yield stringify(rows.map((row) => columns.map(({ name }) => cell(row[name]))))
}

/** A number that is called is no formula; anything else that begins like one is led in by an apostrophe (OWASP, CSV injection). */
function cell(value: ExportRow[keyof ExportRow]): string {
  if (value === null) return ''
  const text = value instanceof Date ? wireTime(value) : String(value)
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+$/.test(text) ? `'${text}` : text
}

async function* writeNdjson(pages: Pages): Bytes {
  for await (const rows of pages) yield `${rows.map(line).join('\n')}\n`
}

function line({ costMicros, currency, startTime, answerTime, endTime, ...row }: ExportRow): string {
  const time = (at: Date | null) => (at === null ? null : wireTime(at))
  const times = { startTime: time(startTime), answerTime: time(answerTime), endTime: time(endTime) }
  return JSON.stringify({ ...row, ...times, cost: { amountMicros: costMicros, currency } })
}

/** Rows of one group: what has to be in memory at once. */
const rowsPerGroup = 20_000

async function* writeParquet(pages: Pages): Bytes {
  const writer = new ByteWriter()
  const schema = schemaFromColumnData({ columnData: columnData([]) })
  const file = new ParquetWriter({ writer, schema, createdBy: 'patchbay' })
  let group: ExportRow[] = []
  for await (const rows of pages) {
    group.push(...rows)
    if (group.length < rowsPerGroup) continue
    await file.write({ columnData: columnData(group), rowGroupSize: group.length })
    yield taken(writer)
    group = []
  }
  if (group.length > 0) await file.write({ columnData: columnData(group), rowGroupSize: group.length })
  await file.finish()
  yield taken(writer)
}

/** What was written since it was last asked; offsets inside the file go on counting. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice()
  writer.index = 0
  return bytes
}

const columnData = (rows: readonly ExportRow[]) =>
  columns.map(({ name, type }) => ({
    name,
    type,
    nullable: true,
    offsetIndex: false,
    data: rows.map((row) => (type === 'INT64' && row[name] !== null ? BigInt(Number(row[name])) : row[name])),
  }))
