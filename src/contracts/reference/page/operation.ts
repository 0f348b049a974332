// One operation on the page: a line that tells what it is, and everything a caller must know folded under it.
import type { AnyEndpoint, Contract, Example, JsonObject, OpenApiDocument } from '../../../platform/http/index.ts'
import { templateOf } from '../../../platform/http/index.ts'
import { type Html, html, prose } from '../html.ts'
import { curlOf } from './curl.ts'
import { fieldLine, shapeOf } from './shapes.ts'

export interface Chapter {
  readonly contract: Contract
  readonly document: OpenApiDocument
}

type Described = OpenApiDocument['paths'][string][string]
type Answered = {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: JsonObject; readonly examples?: object }>>
}

export const anchorOf = (contract: Contract, endpoint: AnyEndpoint): string => `${contract.name}-${endpoint.operation.replaceAll('.', '-')}`

export function operationPart(chapter: Chapter, endpoint: AnyEndpoint): Html {
  const { contract, document } = chapter
  const path = templateOf(endpoint.path)
  const described = document.paths[path]?.[endpoint.method.toLowerCase()]
  if (!described) throw new Error(`${endpoint.operation} is not in the document`)
  const id = anchorOf(contract, endpoint)
  const words = [contract.name, endpoint.method, path, endpoint.operation, endpoint.summary].join(' ').toLowerCase()
  return html`<details class="operation" id="${id}" data-words="${words}">
<summary><span class="method ${endpoint.method.toLowerCase()}">${endpoint.method}</span> <code class="path">${pathParts(path)}</code> <span class="summary">${prose(endpoint.summary)}</span></summary>
<div class="columns"><div class="said">
${described.description ? html`<p>${described.description.split('\n\n').map((line, index) => html`${index > 0 ? html`<br>` : null}${prose(line)}`)}</p>` : null}
${parameterPart(document, described)}
${bodyPart(document, described)}
${answerPart(document, described)}
<p class="meta"><a href="#${id}">#</a> <code>${endpoint.operation}</code></p>
</div><div class="shown">${examplePart(contract, endpoint)}</div></div>
</details>`
}

/** A path may break where a reader would break it. */
const pathParts = (path: string): Html[] =>
  path
    .split('/')
    .filter(Boolean)
    .map((part) => html`<wbr>/${part.startsWith('{') ? html`<i>${part}</i>` : part}`)

function parameterPart(document: OpenApiDocument, { parameters = [] }: Described): Html | null {
  const own = parameters.filter((parameter) => 'name' in parameter)
  const keyed = own.length < parameters.length
  if (parameters.length === 0) return null
  const places = [...new Set(own.map((parameter) => parameter.in))]
  return html`${places.map(
    (place) =>
      html`<h5>In the ${place}</h5><ul class="fields">${own
        .filter((parameter) => parameter.in === place)
        .map(({ name, schema, required, description }) =>
          fieldLine(document, { name, schema: description ? { ...schema, description } : schema, required }, 'sent'),
        )}</ul>`,
  )}${keyed ? html`<p class="keyed">Takes an <a href="#repeats"><code>Idempotency-Key</code></a>.</p>` : null}`
}

function bodyPart(document: OpenApiDocument, { requestBody }: Described): Html | null {
  if (!requestBody) return null
  const types = Object.keys(requestBody.content)
  const schema = Object.values(requestBody.content)[0]?.schema ?? {}
  return html`<h5>Body <span class="note">${types.join(' or ')}${requestBody.required ? '' : ', may be left out'}</span></h5>${shapeOf(document, schema, 'sent')}`
}

function answerPart(document: OpenApiDocument, { responses }: Described): Html {
  const all = Object.entries(responses).map(([status, given]) => [Number(status), answeredOf(document, given)] as const)
  const good = all.filter(([status]) => status < 400)
  const bad = all.filter(([status]) => status >= 400)
  return html`<h5>Answers</h5>${good.map(([status, answered]) => goodAnswer(document, status, answered))}
<details class="refusals"><summary>${bad.map(([status]) => html`<span class="status bad">${status}</span> `)}</summary><table><tbody>${bad.map(([status, answered]) => refusalRow(status, answered))}</tbody></table></details>`
}

function answeredOf(document: OpenApiDocument, given: Described['responses'][string]): Answered {
  if (!('$ref' in given)) return given
  const found = document.components.responses[given.$ref.slice(given.$ref.lastIndexOf('/') + 1)]
  if (!found) throw new Error(`${given.$ref} leads nowhere`)
  return found
}

function goodAnswer(document: OpenApiDocument, status: number, { description, content }: Answered): Html {
  const media = Object.entries(content ?? {})
  const json = content?.['application/json']
  const line = html`<span class="status good">${status}</span> ${json ? null : media.map(([type]) => html`<code>${type}</code> `)}${media.length === 0 ? description : null}`
  if (!json) return html`<p class="answer">${line}</p>`
  return html`<details class="answer" open><summary>${line}${description}</summary>${shapeOf(document, json.schema, 'answered')}</details>`
}

/** The codes of a refusal, from the description that lists them. */
function refusalRow(status: number, { description }: Answered): Html {
  const [phrase = '', ...codes] = description.split('\n')
  return html`<tr><th><span class="status bad">${status}</span></th><td>${phrase.replace(/:$/, '')}<ul>${codes.map((line) => html`<li>${prose(line.replace(/^- /, ''))}</li>`)}</ul></td></tr>`
}

function examplePart(contract: Contract, endpoint: AnyEndpoint): Html {
  const examples = endpoint.examples ?? []
  if (examples.length === 0) return html`<figure><figcaption>Request</figcaption>${codeBlock(curlOf(contract, endpoint, null))}</figure>`
  return html`${examples.map((example) => exampleFigure(contract, endpoint, example))}`
}

function exampleFigure(contract: Contract, endpoint: AnyEndpoint, example: Example): Html {
  const answer =
    example.response === undefined ? null : html`<pre class="response"><code>${JSON.stringify(example.response, null, 2)}</code></pre>`
  return html`<figure data-example="${endpoint.operation}" data-status="${example.status}"><figcaption>${example.title} <span class="status ${example.status < 400 ? 'good' : 'bad'}">${example.status}</span></figcaption>${codeBlock(curlOf(contract, endpoint, example))}${answer}</figure>`
}

export const codeBlock = (text: string): Html =>
  html`<div class="code"><pre><code>${text}</code></pre><button type="button" class="copy" hidden>Copy</button></div>`
