// What a newcomer reads first: the contracts, how to get in, and what holds for every operation.
import { type Contract, type openApiOf, shownEndpoints } from '../../../platform/http/index.ts'
import { type Html, html } from '../html.ts'
import type { MagicNumber } from '../magic-numbers.ts'
import { type Chapter, codeBlock } from './operation.ts'

export function contractTable(chapters: readonly Chapter[]): Html {
  return html`<section id="contracts"><h2>Contracts</h2><div class="scroll"><table class="contracts">
<thead><tr><th>Contract</th><th>What it is</th><th>Credential</th><th>Limit</th><th>Errors</th><th class="number">Operations</th></tr></thead>
<tbody>${chapters.map(({ contract, document }) => html`<tr class="${contract.name}"><th><a href="#${contract.name}">${contract.name}</a></th><td>${contract.description}</td><td data-label="Credential">${credentialOf(contract)}</td><td data-label="Limit">${limitOf(contract)}</td><td data-label="Errors">${errorKeys(document.components.schemas)}</td><td class="number" data-label="Operations">${shownEndpoints(contract).length}</td></tr>`)}</tbody></table></div></section>`
}

function credentialOf(contract: Contract): Html {
  if (shownEndpoints(contract).every(({ permission }) => permission === 'public')) return html`none`
  return contract.credentialMissing === 'invalid_api_key' ? html`<code>X-API-Key</code>` : html`<code>Authorization: Bearer</code>`
}

const units: Readonly<Record<number, string>> = { 1: 'a second', 60: 'a minute', 3600: 'an hour', 86400: 'a day' }
function limitOf({ limit }: Contract): string {
  if (limit === 'off') return 'none'
  const burst = limit.burst === limit.limit ? '' : `, ${limit.burst.toLocaleString('en')} at once`
  return `${limit.limit.toLocaleString('en')} ${units[limit.periodS] ?? `in ${limit.periodS} s`}${burst}`
}

function errorKeys(schemas: ReturnType<typeof openApiOf>['components']['schemas']): Html {
  const { properties = {} } = schemas.Error as { properties?: Record<string, { properties?: object }> }
  const keys = Object.keys(properties.error?.properties ?? properties)
  return html`<code>${keys.join(' ')}</code>`
}

export function gettingIn(baseUrl: string): Html {
  const steps = [
    `PATCHBAY=${baseUrl || 'http://127.0.0.1:8080'}`,
    'TOKEN=$(./patchbay token --roles admin)',
    `curl "$PATCHBAY/v1/users" -H "Authorization: Bearer $TOKEN"`,
  ]
  return html`<section id="in"><h2>Getting in</h2><div class="columns"><div class="said">
<p>The first start makes a demo organisation with people, numbers and a little history, and writes <code>credentials.json</code> into the data folder (<code>.patchbay</code> unless <code>PATCHBAY_DATA</code> says otherwise), readable by you alone. It names the address, an administrator, an OAuth client, an API key and the sandbox.</p>
<ul><li><code>./patchbay token</code> prints a token of the built-in issuer, for any role: <code>--roles user</code>, <code>--org 101</code>, <code>--ttl 1h</code>.</li>
<li><code>POST /oauth/token</code> gives one to a client, <code>POST /api/v1/auth/login</code> to a person.</li>
<li>bella takes the <code>apiKey</code> of <code>credentials.json</code> in <code>X-API-Key</code>; <code>./patchbay apikey create</code> makes more.</li></ul></div>
<div class="shown"><figure><figcaption>Your first call</figcaption>${codeBlock(steps.join('\n'))}</figure></div></div></section>`
}

export function rules(chapters: readonly Chapter[]): Html {
  const spoken = chapters.filter(({ contract }) => contract.name !== 'shared')
  return html`<section id="rules"><h2>Everywhere</h2><div class="cards">
<article id="errors"><h3>Errors</h3><p>Each contract keeps its own shape; all carry a code that never changes and the request’s id, which is also in <code>X-Request-Id</code> and in the log.</p>
${spoken.map(({ contract, document }) => html`<details><summary>${contract.name}</summary><pre><code>${errorExampleOf(document)}</code></pre></details>`)}</article>
<article id="repeats"><h3>Repeats</h3><p><code>Idempotency-Key</code> on POST, PUT and PATCH: the first answer is kept for 24 hours and given again with <code>Idempotent-Replayed: true</code>. The same key with another body is 422; one still in use is 409.</p></article>
<article id="limits"><h3>Limits</h3><p>Counted per credential. Every answer carries <code>X-RateLimit-Limit</code>, <code>-Remaining</code> and <code>-Reset</code>, and <code>RateLimit</code>; 429 carries <code>Retry-After</code>.</p></article>
<article><h3>Tenants</h3><p>A credential sees one organisation. What belongs to another does not exist: 404, never 403. Ids of the wrong shape are 404 too.</p></article>
<article><h3>Times and numbers</h3><p>ISO 8601 in UTC with <code>Z</code>; any offset is taken in. Telephone numbers are E.164, money is integer micro-units with a currency.</p></article>
</div></section>`
}

function errorExampleOf(document: Chapter['document']): string {
  const examples = Object.values(document.components.responses).flatMap(({ content }) =>
    Object.values(content?.['application/json']?.examples ?? {}),
  )
  return JSON.stringify(examples[0]?.value ?? document.components.schemas.Error, null, 2)
}

export function sandboxNumbers(numbers: readonly MagicNumber[] | null): Html {
  const rows = numbers?.map(({ number, does }) => html`<tr><th><code>${number}</code></th><td>${does}</td></tr>`)
  return html`<section id="sandbox"><h2>Sandbox numbers</h2>
<p>Without a provider’s keys, calls go to a sandbox that speaks the providers’ own protocols. Who answers is decided by the number.</p>
${rows ? html`<div class="scroll"><table class="magic"><thead><tr><th>Number</th><th>Who answers, and how</th></tr></thead><tbody>${rows}</tbody></table></div>` : html`<p class="quiet">No sandbox runs beside this server now.</p>`}</section>`
}
