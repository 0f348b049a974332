// What voicemail needs of a transcriber.

export interface Transcriber {
  /** Null when nothing was said. @param language ISO 639-1 */
  transcribe(audio: Buffer, options: { filename: string; contentType: string; language: string }): Promise<{ text: string } | null>
}
