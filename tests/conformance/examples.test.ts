// Every command that the reference page shows is read from the page as served and sent. A title with a status promises
// that status; every answer, refusals too, must be one that the document has, on its schema.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../support/house.ts'
import { type Document, judgeOf } from './documented.ts'
import { placesOf } from './places.ts'
import { readCurl } from './shell.ts'

let house: TestHouse
let page = ''
let document: Document
beforeAll(async () => {
  house = await openTestHouse()
  page = await (await house.request('GET', '/reference')).text()
  document = (await (await house.request('GET', '/openapi.json')).json()) as Document
})
afterAll(() => house?.close())

interface Shown {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly command: string
  readonly status: number | null
}

const text = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')

/** Streams end when the caller goes; they have tests of their own. */
const streams = new Set(['shared-hello-stream', 'sapien-events-stream'])

function commandsOf(markup: string): Shown[] {
  const operations = markup.split('<details class="operation"').slice(1)
  return operations.flatMap((operation) => {
    const id = /id="([^"]+)"/.exec(operation)?.[1] ?? ''
    const method = /<span class="method [a-z]+">([A-Z]+)</.exec(operation)?.[1] ?? ''
    const path = text(/<code class="path">(.*?)<\/code>/s.exec(operation)?.[1] ?? '') || '/'
    const figures = operation.split('<figure').slice(1)
    return figures.map((figure) => ({
      id,
      method,
      path,
      command: text(/<pre><code>(.*?)<\/code>/s.exec(figure)?.[1] ?? ''),
      status: Number(/data-status="(\d+)"/.exec(figure)?.[1] ?? 0) || null,
    }))
  })
}

describe('the commands of the reference page', () => {
  test('there is one for every operation, and each answers as the page says', async () => {
    const shown = commandsOf(page)
    const ids = new Set(shown.map(({ id }) => id))
    expect(ids.size).toBe(page.split('<details class="operation"').length - 1)
    const judge = judgeOf(document)
    const wrong: string[] = []
    for (const one of shown.filter(({ id }) => !streams.has(id))) {
      const values = { PATCHBAY: house.url, TOKEN: await house.token(), API_KEY: house.org.apiKey, ...(await placesOf(house, one.path)) }
      const { url, method, headers, body } = readCurl(one.command, values)
      expect(method).toBe(one.method)
      const answer = await fetch(url, { method, headers, redirect: 'manual', ...(body === null ? {} : { body }) })
      const { status } = answer
      if (one.status !== null && status !== one.status)
        wrong.push(`${one.id}: ${status}, not ${one.status}: ${(await answer.text()).slice(0, 200)}`)
      else {
        const fault = judge({ ...one, status, type: answer.headers.get('content-type'), body: await answer.text() })
        if (fault) wrong.push(`${one.id}: ${fault}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('an example’s answer, where one is shown, is on the schema of its operation', async () => {
    const judge = judgeOf(document)
    const wrong = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content }]) => {
          const json = content?.['application/json'] as { examples?: Record<string, { value: unknown }> } | undefined
          return Object.entries(json?.examples ?? {}).map(([name, { value }]) => {
            const fault = judge({ path, method, status: Number(status), type: 'application/json', body: JSON.stringify(value) })
            return fault ? `${method} ${path} ${name}: ${fault}` : null
          })
        }),
      ),
    )
    expect(wrong.length).toBeGreaterThan(20)
    expect(wrong.filter((fault) => fault !== null)).toEqual([])
  })
})
