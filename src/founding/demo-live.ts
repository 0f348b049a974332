// The part of the demo that really rings: conversations that are recorded and messages left for a colleague who is out,
// over the sandbox's telephone network, at once instead of in real time. What is not fetched in time comes by itself later.
import { setInterval } from 'node:timers/promises'
import type { Session } from '../platform/session/index.ts'
import { monotonicMs } from '../platform/time/index.ts'
import { colleagues, customers, liveMessages, liveTalks } from './demo-plot.ts'
import { spoken } from './demo-time.ts'
import { countKept } from './founding.sql.ts'

export interface Ringing {
  readonly sandboxUrl: string
  readonly number: string
  readonly now: Date
}

const patienceMs = 2_500
const lookEveryMs = 25

export async function ringThroughSandbox(session: Session, ringing: Ringing): Promise<void> {
  const { sandboxUrl } = ringing
  // Who asks for a person gets the first supervisor.
  const out = { number: colleagues.ada.mobile }
  await post(`${sandboxUrl}/sandbox/people`, { ...out, answering: 'no-answer' })
  await Promise.all([...talksOf(ringing), ...callersWithMessages].map((call) => ringOnce(ringing, call)))
  await post(`${sandboxUrl}/sandbox/people`, { ...out, answering: 'answers' })
  if (await allKept(session)) return
  session.log.warn({}, 'the recordings of the demo are still being fetched')
}

interface Caller {
  readonly from: string
  readonly script: readonly { readonly say: string }[]
}

const talksOf = ({ now }: Ringing): Caller[] =>
  liveTalks.map(({ who, says, slot }) => ({
    from: customers[who].mobile,
    script: says.map((words) => ({ say: slot ? words.replace('{slot}', spoken(slot, now)) : words })),
  }))

const callersWithMessages: readonly Caller[] = liveMessages.map(({ who, leaves }) => ({
  from: customers[who].mobile,
  script: [{ say: 'Can I speak to a person please?' }, { say: leaves }],
}))

/** Until the call is over and everything about it was delivered. */
async function ringOnce({ sandboxUrl, number }: Ringing, { from, script }: Caller): Promise<void> {
  const { sid } = (await post(`${sandboxUrl}/sandbox/calls`, { to: number, from, script, speed: 'instant' })) as { sid: string }
  const settled = await fetch(`${sandboxUrl}/sandbox/calls/${sid}?wait=settled`)
  await settled.arrayBuffer()
}

async function allKept(session: Session): Promise<boolean> {
  const deadline = monotonicMs() + patienceMs
  const enough = async () => {
    const kept = await session.read(countKept, {})
    return (kept?.recordings ?? 0) >= liveTalks.length && (kept?.messages ?? 0) >= liveMessages.length
  }
  for await (const _ of setInterval(lookEveryMs)) {
    if (await enough()) return true
    if (monotonicMs() > deadline) return false
  }
  return false
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`the sandbox answered ${response.status} to ${url}: ${await response.text()}`)
  return response.json()
}
