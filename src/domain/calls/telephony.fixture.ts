// A telephone network in memory: it remembers what it was asked and answers as a test decides.
import type { FetchedCall, PlaceCall, Telephony } from './index.ts'

export interface FakeNetwork extends Telephony {
  readonly placed: PlaceCall[]
  readonly asked: string[]
  readonly known: Map<string, FetchedCall>
  /** What the next call placed meets. */
  failure: Error | null
}

export function fakeNetwork(): FakeNetwork {
  const asked: string[] = []
  const note = (word: string) => async (sid: string, about: unknown) => void asked.push([word, sid, about].filter(Boolean).join(' '))
  const network: FakeNetwork = {
    name: 'twilio',
    placed: [],
    asked,
    known: new Map(),
    failure: null,
    async placeCall(input) {
      network.placed.push(input)
      if (network.failure) throw network.failure
      return { sid: `CA-${input.key}` }
    },
    hangUp: async (sid) => note('hangUp')(sid, ''),
    redirect: note('redirect'),
    sendMessage: async () => ({ sid: 'SM-1' }),
    startRecording: async () => ({ recordingSid: 'RE-1' }),
    pauseRecording: note('pause'),
    resumeRecording: note('resume'),
    stopRecording: note('stop'),
    fetchCall: async (sid) => network.known.get(sid) ?? null,
    fetchRecording: async () => null,
  }
  return network
}

export const fakeUrls = {
  answer: (callId: string) => `https://here.test/answer/${callId}`,
  status: (callId: string) => `https://here.test/status/${callId}`,
  transfer: (callId: string, to: string) => `https://here.test/transfer/${callId}/${to}`,
  hold: (callId: string) => `https://here.test/hold/${callId}`,
}
