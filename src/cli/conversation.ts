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

const lines: { readonly [K in SandboxEvent['type']]: (event: Extract<SandboxEvent, { type: K }>) => string | null } = {
  heard: ({ text }) => `  ${cyan(label('assistant'))} ${text}`,
  said: ({ text }) => `  ${green(label('caller'))} ${bold(text)}`,
  pressed: ({ digits }) => `  ${green(label('caller'))} ${bold(`presses ${digits}`)}`,
  status: ({ status }) => dim(`  ${label('')} ${status}`),
  recording: () => dim(`  ${label('')} being recorded`),
  transfer: ({ to }) => yellow(`  ${label('')} put through to ${to}`),
  error: ({ message }) => yellow(`  ${label('')} ${message}`),
  ended: ({ duration }) => dim(`  ${label('')} the call has ended after ${Math.round(duration)} s`),
  listening: () => null,
}

function show<K extends SandboxEvent['type']>(event: Extract<SandboxEvent, { type: K }>): void {
  const line = lines[event.type as K]?.(event)
  if (line) say(line)
}
