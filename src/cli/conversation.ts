// A call on the terminal, as it happens: who says what, and how it ended.
import type { SandboxCall, SandboxEvent } from './sandbox-client.ts'
import { bold, cyan, dim, green, say, yellow } from './terminal.ts'

const label = (text: string) => text.padEnd(10)

/** Prints each event. @returns whether the call ended in order */
export async function showCall(call: SandboxCall, onListening: () => Promise<void> | void = () => {}): Promise<boolean> {
  let whole = true
  for await (const event of call.events()) {
    show(event)
    if (event.type === 'error') whole = false
    if (event.type === 'listening') await onListening()
    if (event.type === 'ended') return whole
  }
  return false
}

/** The carrier's word where it is clear; null where the next line says more. */
const statusWords: Readonly<Record<string, string | null>> = { queued: null, initiated: null, 'in-progress': 'answered', completed: null }
const recordingWords: Readonly<Record<string, string>> = { 'in-progress': 'being recorded', paused: 'recording paused' }
const aside = (text: string | null | undefined) => (text ? dim(`  ${label('')} ${text}`) : null)

const lines: { readonly [K in SandboxEvent['type']]: (event: Extract<SandboxEvent, { type: K }>) => string | null } = {
  heard: ({ text }) => `  ${cyan(label('assistant'))} ${text}`,
  said: ({ text }) => `  ${green(label('caller'))} ${bold(text)}`,
  pressed: ({ digits }) => `  ${green(label('caller'))} ${bold(`presses ${digits}`)}`,
  status: ({ status }) => aside(status in statusWords ? statusWords[status] : status),
  recording: ({ status }) => aside(recordingWords[status]),
  transfer: ({ to }) => yellow(`  ${label('')} put through to ${to}`),
  error: ({ message }) => yellow(`  ${label('')} ${message}`),
  ended: ({ duration }) => aside(`the call has ended after ${Math.round(duration)} s`),
  listening: () => null,
}

function show<K extends SandboxEvent['type']>(event: Extract<SandboxEvent, { type: K }>): void {
  const line = lines[event.type as K]?.(event)
  if (line) say(line)
}
