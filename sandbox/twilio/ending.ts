// Decides how a call ends: its last status callback, then its recordings, then nothing more. Ending it twice changes nothing.
import type { World } from '../world.ts'
import { type Call, type CallStatus, durationS, emit, isOver } from './call.ts'
import { progress } from './progress.ts'
import { stopRecordings } from './recording.ts'

export function endCall(world: World, call: Call, status: CallStatus): void {
  if (isOver(call)) return
  progress(world, call, status)
  stopRecordings(world, call)
  emit(call, { type: 'ended', duration: durationS(call) })
  // Whatever is still to be told joins the chain within this turn of the event loop.
  setImmediate(() => void settle(call))
}

async function settle(call: Call): Promise<void> {
  let chain: Promise<void>
  do {
    chain = call.callbacks
    await chain
  } while (chain !== call.callbacks)
  call.settled.resolve()
}
