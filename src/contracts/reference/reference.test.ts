import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestHouse, type TestHouse } from '../../../tests/support/house.ts'

let house: TestHouse
beforeAll(async () => {
  house = await openTestHouse()
})
afterAll(() => house?.close())

const get = (path: string, headers: Record<string, string> = {}) => house.request('GET', path, { headers })

/** Everything that a page would load by itself. */
const loadedBy = (markup: string): string[] =>
  [...markup.matchAll(/<(?:script|link|img)[^>]*?\s(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '')

interface Operation {
  readonly operationId: string
  readonly responses: Record<string, unknown>
  readonly parameters?: { name: string; in: string }[]
}
interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object> }
}

function references(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)))
}

const lookUp = (root: unknown, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], root)

describe('the documents', () => {
  test.each(['/openapi.json', '/openapi/sapien.json', '/openapi/sei.json', '/openapi/bella.json', '/openapi/shared.json'])(
    '%s is whole: references lead somewhere, ids are unique, path parameters are declared, schemas compile',
    async (path) => {
      const document = (await (await get(path)).json()) as Document
      expect(document.openapi).toMatch(/^3\.1\./)
      expect(references(document).filter((reference) => lookUp(document, reference) === undefined)).toEqual([])
      const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.values(methods).map((one) => ({ path, one })))
      const ids = operations.map(({ one }) => one.operationId)
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.length).toBeGreaterThan(0)
      for (const { path, one } of operations) {
        const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
        expect((one.parameters ?? []).filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(named)
        expect(Object.keys(one.responses)).toEqual(expect.arrayContaining(['500', '503']))
      }
      const ajv = new Ajv({ strict: false, validateFormats: false })
      for (const schema of Object.values(document.components.schemas)) {
        expect(() => ajv.compile({ ...schema, components: document.components })).not.toThrow()
      }
    },
  )

  test('the one document holds the operations of all the others', async () => {
    const all = (await (await get('/openapi.json')).json()) as Document
    const count = (document: Document) => Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length
    const single = await Promise.all(
      ['sapien', 'sei', 'bella', 'shared'].map(async (name) => count((await (await get(`/openapi/${name}.json`)).json()) as Document)),
    )
    expect(count(all)).toBe(single.reduce((sum, one) => sum + one, 0))
  })

  test('a contract that is not there is a 404', async () => {
    expect((await get('/openapi/nobody.json')).status).toBe(404)
  })

  test('no secret is ever in an answer’s schema', async () => {
    const text = await (await get('/openapi.json')).text()
    const document = JSON.parse(text) as { paths: object }
    const answered = JSON.stringify(
      Object.values(document.paths).flatMap((methods) => Object.values(methods).map((one) => (one as Operation).responses)),
    )
    for (const name of ['passwordHash', 'password_hash', '"password":', 'clientSecret', 'signingKey']) expect(answered).not.toContain(name)
  })
})

describe('the pages', () => {
  test.each(['/docs', '/redoc', '/reference'])(
    '%s loads nothing from another host, and all it loads is there and kept for a year',
    async (path) => {
      const page = await get(path)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      const addresses = loadedBy(await page.text())
      expect(addresses.length).toBeGreaterThan(2)
      for (const address of addresses) {
        expect(address).toMatch(/^\/docs\/assets\/[\w.-]+\?v=[\w-]+$/)
        const asset = await get(address)
        expect(asset.status).toBe(200)
        expect(asset.headers.get('cache-control')).toContain('immutable')
        expect((await asset.text()).length).toBeGreaterThan(0)
      }
    },
  )

  test('no page runs inline scripts, and ours has no inline styles either', async () => {
    for (const path of ['/docs', '/redoc', '/reference']) {
      const page = await get(path)
      const policy = page.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toMatch(/script-src 'self';/)
      expect(await page.text()).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+="/)
    }
    expect((await get('/reference')).headers.get('content-security-policy')).toContain("style-src 'self';")
  })

  test('an asset that nobody changed is not sent again', async () => {
    const first = await get('/docs/assets/base.css')
    expect(first.status).toBe(404)
    const asset = await get('/docs/assets/reference.css')
    const etag = asset.headers.get('etag') ?? ''
    expect(asset.headers.get('cache-control')).toBe('no-cache')
    const again = await get('/docs/assets/reference.css', { 'if-none-match': `"other", ${etag}` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await get('/docs/assets/reference.css', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('no path leads out of the closed list of assets', async () => {
    for (const path of [
      '..%2f..%2fpackage.json',
      '%2e%2e%2fpackage.json',
      'swagger-ui-bundle.js.map',
      'package.json',
      'constructor',
      '__proto__',
    ]) {
      expect((await get(`/docs/assets/${path}`)).status).toBe(404)
    }
  })

  test('assets come compressed to whom can read that, plain to whom cannot', async () => {
    const zipped = await get('/docs/assets/swagger-ui.css', { 'accept-encoding': 'gzip' })
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    const plain = await get('/docs/assets/swagger-ui.css', { 'accept-encoding': 'identity' })
    expect(plain.headers.get('content-encoding')).toBe(null)
    const refused = await get('/docs/assets/swagger-ui.css', { 'accept-encoding': 'gzip;q=0' })
    expect(refused.headers.get('content-encoding')).toBe(null)
    expect(await zipped.text()).toBe(await plain.text())
  })

  test('the reference shows every operation of the documents', async () => {
    const page = await (await get('/reference')).text()
    for (const name of ['sapien', 'sei', 'bella', 'shared']) {
      const document = (await (await get(`/openapi/${name}.json`)).json()) as Document
      for (const methods of Object.values(document.paths)) {
        for (const { operationId } of Object.values(methods)) expect(page).toContain(`id="${name}-${operationId.replaceAll('.', '-')}"`)
      }
    }
  })

  test('every link inside the reference leads to a place of it', async () => {
    const page = await (await get('/reference')).text()
    const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id))
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.length).toBeGreaterThan(20)
    expect(links.filter((id) => !ids.has(id))).toEqual([])
  })

  test('the pages need no credential and are not counted', async () => {
    const limited = await openTestHouse({ env: { LIMIT_SAPIEN: '1/h', LIMIT_SEI: '1/h', LIMIT_SEI_ANONYMOUS: '1/h', LIMIT_BELLA: '1/h' } })
    try {
      for (const path of ['/docs', '/docs', '/redoc', '/redoc', '/reference', '/reference', '/openapi.json', '/openapi.json']) {
        const answer = await limited.request('GET', path)
        expect([path, answer.status, answer.headers.get('x-ratelimit-limit')]).toEqual([path, 200, null])
      }
    } finally {
      await limited.close()
    }
  })
})
