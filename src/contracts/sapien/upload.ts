// Reads a multipart upload part by part: the file goes to the store as it comes, the fields may stand before or after it.
// Refuses forms without a file, with two, or with fields that make no sense; nothing is then kept.
import '@fastify/multipart'
import {
  type FileFacts,
  type FileServices,
  type FileType,
  type ScanServices,
  type StoredBytes,
  scanBytes,
  storeBytes,
  type Upload,
} from '../../domain/files/index.ts'
import { Refusal, refuse, refuseField } from '../../platform/errors/index.ts'
import { parseJson, type RequestFacts } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'

const types: readonly string[] = ['recording', 'voicemail', 'asset'] satisfies FileType[]
const mostMetadataBytes = 64 * 1024

interface Form {
  stored: StoredBytes | null
  filename: string
  readonly fields: Map<string, string>
}

/**
 * What the scanner found comes along and is no refusal yet: whoever repeats a request under its key gets the first one's answer.
 * @throws blob_too_large, upload_incomplete, unsupported_media_type, invalid_request, scanner_unavailable
 */
export async function receiveUpload(
  session: Session,
  services: ScanServices,
  { raw: request }: RequestFacts,
  maxBytes: number,
): Promise<Upload> {
  if (!request.isMultipart()) refuse('unsupported_media_type', { message: 'This takes multipart/form-data.' })
  if (request.raw.destroyed) refuse('upload_incomplete') // nobody would ever say that it ended
  const form: Form = { stored: null, filename: '', fields: new Map() }
  try {
    await readParts(session, services, request.parts({ limits: limitsOf(maxBytes) }), form, maxBytes)
    const stored = form.stored ?? refuseField('body', 'file', 'is required', 'required')
    const facts = factsOf(form)
    return { stored, facts, verdict: await scanBytes(session, services, stored) }
  } catch (error) {
    if (form.stored) await services.blobs.remove(form.stored.key)
    throw error instanceof Refusal ? error : translate(error)
  }
}

const limitsOf = (maxBytes: number) => ({
  fileSize: maxBytes + 1,
  files: 2,
  fields: 20,
  parts: 22,
  fieldSize: mostMetadataBytes,
  headerPairs: 50,
})

type Parts = ReturnType<RequestFacts['raw']['parts']>

async function readParts(session: Session, services: FileServices, parts: Parts, form: Form, maxBytes: number): Promise<void> {
  for await (const part of parts) {
    if (part.type === 'field') {
      if (part.valueTruncated) refuseField('body', part.fieldname, 'is too long')
      form.fields.set(part.fieldname, String(part.value))
      continue
    }
    if (part.fieldname !== 'file' || form.stored) {
      part.file.resume()
      refuseField('body', part.fieldname, 'one file is taken, in the field file')
    }
    form.filename = part.filename || 'file'
    form.stored = await storeBytes(session, services, { body: part.file, contentType: part.mimetype, maxBytes })
  }
}

/** The form's reader says what went wrong by its own codes; anything else it says means that the form was not one. */
function translate(error: unknown): unknown {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (code === 'FST_REQ_FILE_TOO_LARGE') return new Refusal('blob_too_large', { cause: error })
  if (code?.startsWith('FST_') && statusCode && statusCode < 500) return new Refusal('malformed_body', { cause: error })
  if (
    error instanceof Error &&
    /Unexpected end of (multipart|form)|Part terminated early|aborted|Malformed part|Boundary not found/i.test(error.message)
  ) {
    return new Refusal('upload_incomplete', { cause: error })
  }
  return error
}

function factsOf({ fields, filename }: Form): FileFacts {
  const type = fields.get('type') ?? 'asset'
  if (!types.includes(type)) refuseField('body', 'type', `must be one of ${types.join(', ')}`, 'enum')
  return { filename: cleanName(filename), type: type as FileType, metadata: metadataOf(fields.get('metadata')) }
}

/** A name, not a path; and nothing in it that a database or a header could not carry. */
const cleanName = (name: string): string =>
  [...(name.toWellFormed().split(/[/\\]/).at(-1) ?? '')]
    .filter((character) => character >= ' ' && character !== '\u007f')
    .join('')
    .slice(0, 255) || 'file'

function metadataOf(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === '') return {}
  const value = readJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuseField('body', 'metadata', 'must be a JSON object', 'type')
  if (JSON.stringify(value).includes('\\u0000')) return refuseField('body', 'metadata', 'must not contain NUL')
  return value as Record<string, unknown>
}

function readJson(text: string): unknown {
  try {
    return parseJson(Buffer.from(text, 'utf8'))
  } catch {
    return null // refused by the caller, with the field's name
  }
}
