// The reference page as a whole: how to get in, the contracts in a table, the rules that hold everywhere, the
// sandbox's numbers, and every operation. Rendered here, so that it reads without a script.
import { type AnyEndpoint, type Contract, shownEndpoints, tagsOf } from '../../../platform/http/index.ts'
import { type Html, html } from '../html.ts'
import type { MagicNumber } from '../magic-numbers.ts'
import { contractTable, gettingIn, rules, sandboxNumbers } from './opening.ts'
import { anchorOf, type Chapter, operationPart } from './operation.ts'

export interface PageInput {
  readonly chapters: readonly Chapter[]
  readonly version: string
  readonly baseUrl: string
  readonly numbers: readonly MagicNumber[] | null
  readonly addresses: { readonly style: string; readonly script: string; readonly icon: string }
}

export function referencePage({ chapters, version, baseUrl, numbers, addresses }: PageInput): Html {
  const spoken = chapters.filter(({ contract }) => contract.name !== 'shared')
  const count = chapters.reduce((sum, { contract }) => sum + shownEndpoints(contract).length, 0)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Patchbay · reference</title>
<link rel="icon" href="${addresses.icon}">
<link rel="stylesheet" href="${addresses.style}">
<script src="${addresses.script}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><a class="mark" href="#top"><img src="${addresses.icon}" alt="" width="28" height="28">Patchbay</a>
<label class="search" hidden><span>Find an operation</span><input id="filter" type="search" placeholder="Find an operation" autocomplete="off" spellcheck="false"><kbd>/</kbd></label>
<nav class="doors" aria-label="Other forms"><a href="/docs">Swagger UI</a><a href="/redoc">ReDoc</a><a href="/openapi.json">OpenAPI</a></nav></header>
<div class="page">
<nav class="side" aria-label="Contents"><details open><summary>Contents</summary>${sideOf(chapters)}</details></nav>
<main id="content">
<section class="hero" id="top"><p class="eyebrow">Reference · version ${version}</p>
<h1>One server, ${spoken.length} contracts,<br>${count} operations.</h1>
<p class="lead">Telephony, appointments booked by voice and the numbers behind them, over one set of organisations, people, numbers and calls. Everything here is made from the code that answers.</p></section>
${contractTable(chapters)}
${gettingIn(baseUrl)}
${rules(chapters)}
${sandboxNumbers(numbers)}
${chapters.map(chapterPart)}
<p class="nothing" hidden>Nothing here is called that.</p>
<footer><p>Made from the running server. Documents: ${chapters.map(({ contract }) => html`<a href="/openapi/${contract.name}.json">${contract.name}</a> `)}</p></footer>
</main></div>
</body>
</html>
`
}

function sideOf(chapters: readonly Chapter[]): Html {
  return html`<ul><li><a href="#contracts">Contracts</a></li><li><a href="#in">Getting in</a></li><li><a href="#rules">Everywhere</a></li><li><a href="#sandbox">Sandbox numbers</a></li></ul>
${chapters.map(({ contract }) => html`<section class="${contract.name}"><h2><a href="#${contract.name}">${contract.name}</a></h2><ul>${[...byTag(contract)].map(([tag, endpoints]) => html`<li><a href="#${contract.name}-${tag}">${spaced(tag)}</a> <span>${endpoints.length}</span></li>`)}</ul></section>`)}`
}

function chapterPart(chapter: Chapter): Html {
  const { contract } = chapter
  return html`<section class="chapter ${contract.name}" id="${contract.name}">
<header><p class="eyebrow">${contract.prefixes.slice(0, 6).map((prefix) => html`<code>${prefix}</code> `)}</p><h2>${contract.title}</h2><p>${contract.description}</p></header>
${[...byTag(contract)].map(([tag, endpoints]) => html`<section class="resource" id="${contract.name}-${tag}"><h3>${spaced(tag)} <a class="anchor" href="#${contract.name}-${tag}" aria-label="Link to ${tag}">#</a></h3>${endpoints.map((one) => operationPart(chapter, one))}</section>`)}
</section>`
}

const spaced = (tag: string): string => tag.replaceAll(/[-_]/g, ' ')

function byTag(contract: Contract): Map<string, AnyEndpoint[]> {
  return Map.groupBy(shownEndpoints(contract), (one) => tagsOf(one)[0] ?? anchorOf(contract, one))
}
