// OpenAI's side: chat completions and transcriptions, behind a bearer key. Refuses in OpenAI's error shape.
// Sources: https://platform.openai.com/docs/api-reference/chat and /audio/createTranscription
import { readWav } from '../audio/wav.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import { same } from '../twilio/rest.ts'
import { type ChatFault, takeFault, type World } from '../world.ts'
import { readFacts } from './facts.ts'
import { fill, Unfillable } from './fill.ts'
import { readMultipart } from './multipart.ts'

export class OpenAiRefusal extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  constructor(status: number, type: string, message: string, param: string | null = null, code: string | null = null) {
    super(message)
    this.status = status
    this.type = type
    this.param = param
    this.code = code
  }
}

export const isOpenAiPath = (path: string) => path.startsWith('/v1/')

export function openAiRefusal({ status, message, type, param, code }: OpenAiRefusal): Answer {
  return json(status, { error: { message, type, param, code } }, status === 429 ? { 'retry-after': '1' } : {})
}

export function guardOpenAi(world: World, asked: Asked): Answer | null {
  const key = /^Bearer (.+)$/i.exec(asked.headers.authorization ?? '')?.[1]
  if (!key)
    throw new OpenAiRefusal(
      401,
      'invalid_request_error',
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
    )
  if (!same(key, world.settings.openaiKey))
    throw new OpenAiRefusal(401, 'invalid_request_error', `Incorrect API key provided: ${key.slice(0, 3)}***.`, null, 'invalid_api_key')
  return null
}

export function openAiRoutes(world: World): Route[] {
  return [
    { method: 'POST', path: '/v1/chat/completions', handle: (asked) => complete(world, asked) },
    { method: 'POST', path: '/v1/audio/transcriptions', handle: (asked) => transcribe(world, asked) },
    {
      method: 'GET',
      path: '/v1/models',
      handle: () =>
        json(200, {
          object: 'list',
          data: ['gpt-4o-mini', 'whisper-1'].map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'sandbox' })),
        }),
    },
  ]
}

interface Request {
  model: string
  messages: { role: string; content: string }[]
  schema: unknown
  format: 'text' | 'json_object' | 'json_schema'
  stream: boolean
}

async function complete(world: World, asked: Asked): Promise<Answer> {
  const request = readRequest(asked)
  const fault = faultOf(world, asked, request.model)
  await suffer(fault)
  const message = fault?.kind === 'nonsense' ? { content: 'Blue seven {"maybe": ', refusal: null } : answer(world, request)
  return request.stream ? streamed(world, request, message.content ?? '') : json(200, completion(world, request, message))
}

function readRequest(asked: Asked): Request {
  const body = jsonOf(asked)
  const messages = Array.isArray(body.messages) ? body.messages.map(messageOf) : []
  if (typeof body.model !== 'string' || body.model === '')
    throw new OpenAiRefusal(400, 'invalid_request_error', 'you must provide a model parameter')
  if (messages.length === 0)
    throw new OpenAiRefusal(
      400,
      'invalid_request_error',
      "Missing required parameter: 'messages'.",
      'messages',
      'missing_required_parameter',
    )
  const format = asObject(body.response_format)
  const kind = (['json_schema', 'json_object'] as const).find((each) => each === format.type) ?? 'text'
  const schema = asObject(format.json_schema).schema
  if (kind === 'json_schema' && typeof schema !== 'object')
    throw new OpenAiRefusal(
      400,
      'invalid_request_error',
      "Missing required parameter: 'response_format.json_schema'.",
      'response_format.json_schema',
      'missing_required_parameter',
    )
  return { model: body.model, messages, schema, format: kind, stream: body.stream === true }
}

const asObject = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? { ...value } : {})

function jsonOf(asked: Asked): Record<string, unknown> {
  try {
    return asObject(JSON.parse(asked.body.toString('utf8')))
  } catch {
    throw new OpenAiRefusal(400, 'invalid_request_error', 'We could not parse the JSON body of your request.')
  }
}

/** The text of a message, also when it comes in parts. */
function messageOf(value: unknown): { role: string; content: string } {
  const { role, content } = asObject(value)
  const parts = Array.isArray(content) ? content.map((part) => String(asObject(part).text ?? '')).join(' ') : String(content ?? '')
  return { role: String(role), content: parts }
}

type Fault = { kind: ChatFault; delayMs: number } | null

/** A fault by the control API, by the header `x-sandbox-fault`, or by a model's name that ends in one (`gpt-4o-mini-slow`). */
function faultOf(world: World, asked: Asked, model: string): Fault {
  const kinds: ChatFault[] = ['slow', '500', '429', 'nonsense']
  const header = asked.headers['x-sandbox-fault']
  const named = kinds.find((kind) => header === kind || model.endsWith(`-${kind}`))
  return named ? { kind: named, delayMs: 5_000 } : takeFault(world, 'chat')
}

async function suffer(fault: Fault): Promise<void> {
  if (fault?.kind === '500')
    throw new OpenAiRefusal(500, 'server_error', 'The server had an error while processing your request. Sorry about that!')
  if (fault?.kind === '429') throw new OpenAiRefusal(429, 'requests', 'Rate limit reached for requests.', null, 'rate_limit_exceeded')
  if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
}

function answer(world: World, request: Request): { content: string | null; refusal: string | null } {
  const said = request.messages.findLast((message) => message.role === 'user')?.content ?? ''
  const facts = readFacts(said, todayOf(world, request.messages))
  if (request.format === 'text') return { content: `You said: ${said}`, refusal: null }
  if (request.format === 'json_object') return { content: JSON.stringify(facts), refusal: null }
  try {
    return { content: JSON.stringify(fill(request.schema, facts)), refusal: null }
  } catch (error) {
    // A model that cannot keep to a schema refuses; so does this one.
    if (error instanceof Unfillable) return { content: null, refusal: error.message }
    throw error
  }
}

/** The day it is for whoever asks: by the time and the zone that the instructions name, else by the sandbox's clock. */
function todayOf(world: World, messages: Request['messages']): Temporal.PlainDate {
  const words = messages
    .filter((message) => message.role !== 'user')
    .map((message) => message.content)
    .join(' ')
  const said = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z/.exec(words)?.[0]
  const zone =
    /\b(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)\/[A-Za-z_/+-]+/
      .exec(words)?.[0]
      .replace(/[/+-]+$/, '') ?? 'UTC'
  const ms = said && !Number.isNaN(Date.parse(said)) ? Date.parse(said) : world.clock.now()
  const instant = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms))
  return instant.toZonedDateTimeISO(isZone(zone) ? zone : 'UTC').toPlainDate()
}

function isZone(zone: string): boolean {
  return Intl.supportedValuesOf('timeZone').includes(zone)
}

// About four characters make a token.
const tokens = (text: string) => Math.ceil(text.length / 4)

function completion(world: World, request: Request, message: { content: string | null; refusal: string | null }): Record<string, unknown> {
  const prompt = request.messages.reduce((sum, each) => sum + 4 + tokens(each.content), 3)
  const output = tokens(message.content ?? message.refusal ?? '')
  return {
    id: `chatcmpl-${world.uuid().replaceAll('-', '')}`,
    object: 'chat.completion',
    created: Math.floor(world.clock.now() / 1000),
    model: request.model,
    choices: [{ index: 0, message: { role: 'assistant', ...message, annotations: [] }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: prompt, completion_tokens: output, total_tokens: prompt + output },
    system_fingerprint: 'fp_sandbox',
  }
}

function streamed(world: World, request: Request, content: string): Answer {
  const head = {
    id: `chatcmpl-${world.uuid().replaceAll('-', '')}`,
    object: 'chat.completion.chunk',
    created: Math.floor(world.clock.now() / 1000),
    model: request.model,
  }
  const event = (delta: Record<string, unknown>, finish: string | null) =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const pieces = content.match(/.{1,24}/gsu) ?? []
  const body = [
    event({ role: 'assistant', content: '' }, null),
    ...pieces.map((piece) => event({ content: piece }, null)),
    event({}, 'stop'),
    'data: [DONE]\n\n',
  ].join('')
  return { status: 200, headers: { 'content-type': 'text/event-stream' }, body }
}

/** The words of a recording made here; anything else was silence. */
async function transcribe(world: World, asked: Asked): Promise<Answer> {
  const form = readMultipart(asked.headers['content-type'] ?? '', asked.body)
  const file = form?.get('file')
  const model = form?.get('model')?.content.toString('utf8')
  if (!form || !file)
    throw new OpenAiRefusal(400, 'invalid_request_error', "Missing required parameter: 'file'.", 'file', 'missing_required_parameter')
  if (!model) throw new OpenAiRefusal(400, 'invalid_request_error', 'you must provide a model parameter')
  const fault = faultOf(world, asked, model)
  await suffer(fault)
  const wav = readWav(file.content)
  if (!wav) throw new OpenAiRefusal(400, 'invalid_request_error', 'Invalid file format. Supported formats: wav.', 'file')
  const text = fault?.kind === 'nonsense' ? 'zzz zzz' : (wav.words ?? '')
  const format = form.get('response_format')?.content.toString('utf8') ?? 'json'
  if (format === 'text') return { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
  const seconds = wav.durationMs / 1000
  if (format === 'verbose_json')
    return json(200, {
      task: 'transcribe',
      language: 'english',
      duration: seconds,
      text,
      segments: [],
      usage: { type: 'duration', seconds: Math.ceil(seconds) },
    })
  return json(200, { text, usage: { type: 'duration', seconds: Math.ceil(seconds) } })
}
