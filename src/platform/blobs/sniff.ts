// Tells from its first bytes what a file is, whatever its sender says.
import { fileTypeFromBuffer } from 'file-type'

/** The media type, or null for one without a signature (text, raw audio). */
export async function sniffContentType(head: Buffer): Promise<string | null> {
  return (await fileTypeFromBuffer(head))?.mime ?? null
}
