// Tells from its first bytes what a file is, whatever its sender says. The table of signatures is loaded with the first file.

/** The media type, or null for one without a signature (text, raw audio). */
export async function sniffContentType(head: Buffer): Promise<string | null> {
  const { fileTypeFromBuffer } = await import('file-type')
  return (await fileTypeFromBuffer(head))?.mime ?? null
}
