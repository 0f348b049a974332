// Callers: each rings, listens, says its next words and waits for the answer, with every post signed as Twilio signs it.
// Between two posts a caller talks; `talkMs` 0 is no caller but a flood, which shows how many turns a second there are.
import { Agent, request } from 'node:http'
import twilio from 'twilio'
import { answerParent, inputOf } from './children.ts'
import { type Latency, latencyOf } from './latency.ts'

export interface CallersInput {
  readonly port: number
  readonly authToken: string
  readonly phoneNumber: string
}

export interface CallersJob {
  readonly calls: number
  readonly talkMs: number
  readonly durationMs: number
}

export interface CallersResult {
  readonly rings: Latency
  readonly turns: Latency
  readonly taken: number
  readonly booked: number
  /** Rings, turns and hang-ups. */
  readonly posts: number
  readonly seconds: number
}

interface Tally {
  readonly rings: number[]
  readonly turns: number[]
  booked: number
}

const { port, authToken, phoneNumber } = inputOf<CallersInput>()
const origin = `http://127.0.0.1:${port}`
const agent = new Agent({ keepAlive: true, maxSockets: 400 })
const days = workingDays(new Date(), 40)
const names = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing', 'Mary Somerville', 'Isaac Newton', 'Rosalind Franklin']
let rung = 0
let posted = 0

async function call({ calls, durationMs, talkMs }: CallersJob): Promise<CallersResult> {
  const tally: Tally = { rings: [], turns: [], booked: 0 }
  const [began, postedBefore] = [performance.now(), posted]
  const until = began + durationMs
  // All are on the line within one sentence's time, and spread over it, as callers are.
  await Promise.all(Array.from({ length: calls }, (_, index) => caller(tally, { until, talkMs, delayMs: (talkMs * index) / calls })))
  const seconds = (performance.now() - began) / 1000
  return {
    rings: latencyOf(tally.rings),
    turns: latencyOf(tally.turns),
    taken: tally.turns.length,
    booked: tally.booked,
    posts: posted - postedBefore,
    seconds,
  }
}

async function caller(tally: Tally, { until, talkMs, delayMs }: { until: number; talkMs: number; delayMs: number }): Promise<void> {
  await pause(delayMs)
  while (performance.now() < until) {
    const number = ++rung
    const fields = fieldsOf(number)
    let answer = await timed(tally.rings, '/twilio/voice', { ...fields, CallStatus: 'ringing' })
    for (const words of script(number)) {
      await pause(talkMs)
      const action = /action="([^"]+)"/.exec(answer)?.[1]?.replaceAll('&amp;', '&').replace(origin, '')
      if (!action || performance.now() >= until) break
      answer = await timed(tally.turns, action, { ...fields, SpeechResult: words, Confidence: '0.93' })
      if (answer.includes('That is booked')) tally.booked += 1
    }
    await post('/twilio/voice/status', { ...fields, CallStatus: 'completed', CallDuration: '20' })
  }
}

/** As people name them, `14 December`, from the day after tomorrow on: more than the callers of a run can fill. */
function workingDays(now: Date, count: number): string[] {
  const dates = Array.from({ length: 2 * count }, (_, index) => new Date(now.getTime() + (index + 2) * 86_400_000))
  const open = dates.filter((date) => date.getUTCDay() % 6 !== 0).slice(0, count)
  return open.map((date) => date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' }))
}

/** Wishes are spread over days and hours, so that most find their time free and some are offered another. */
function script(number: number): string[] {
  const day = days[number % days.length]
  const hour = 9 + (Math.floor(number / days.length) % 8)
  return [
    `hi, it's ${names[number % names.length]}, could I come in on ${day} at ${hour} o'clock`,
    'yes please',
    'yes please',
    "no that's all, bye",
  ]
}

const fieldsOf = (number: number): Record<string, string> => ({
  AccountSid: 'AC00000000000000000000000000000001',
  CallSid: `CA${number.toString(16).padStart(32, '0')}`,
  From: `+44770${String(number).padStart(7, '0')}`,
  To: phoneNumber,
  CallStatus: 'in-progress',
  Direction: 'inbound',
})

async function timed(times: number[], path: string, fields: Record<string, string>): Promise<string> {
  const form = formOf(path, fields)
  const began = performance.now()
  const text = await send(path, form)
  times.push(performance.now() - began)
  return text
}
const post = (path: string, fields: Record<string, string>): Promise<string> => send(path, formOf(path, fields))

const formOf = (path: string, fields: Record<string, string>) => ({
  body: new URLSearchParams(fields).toString(),
  signature: twilio.getExpectedTwilioSignature(authToken, `${origin}${path}`, fields),
})

function send(path: string, { body, signature }: { body: string; signature: string }): Promise<string> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-twilio-signature': signature,
  }
  posted += 1
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('error', reject)
      response.on('end', () =>
        (response.statusCode ?? 500) < 300 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : resolve()))

answerParent<CallersJob>(call, () => agent.destroy())
