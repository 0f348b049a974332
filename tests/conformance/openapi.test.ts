// The documents against the validator that ReDoc is built on, the committed files against the code, and what of a
// published contract the code would break.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contracts } from '../../src/contracts/index.ts'
import { checkOpenApiFiles, diffOpenApiFiles, paperHouse, writeOpenApiFiles } from '../../src/contracts/reference/index.ts'
import { version } from '../../src/platform/version.ts'

interface Validator {
  readonly createConfig: (config: object) => Promise<object>
  readonly lint: (input: { ref: string; config: object }) => Promise<readonly { readonly message: string }[]>
}
const fromRedoc = createRequire(createRequire(import.meta.url).resolve('redoc/package.json'))
const { createConfig, lint } = fromRedoc('@redocly/openapi-core') as Validator

let folder = ''
const table = () => contracts(paperHouse(version))
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-openapi-'))
})
afterAll(() => rm(folder, { recursive: true }))

const rules = {
  struct: 'error',
  'no-unresolved-refs': 'error',
  'operation-operationId-unique': 'error',
  'path-parameters-defined': 'error',
  'no-identical-paths': 'error',
  'no-invalid-media-type-examples': 'error',
  'no-invalid-schema-examples': 'error',
}

describe('the written documents', () => {
  test('are laid out without a database, and are what OpenAPI 3.1, and 3.0 for API Gateway, ask for', async () => {
    const names = await writeOpenApiFiles(folder, table(), version)
    expect(names).toEqual(expect.arrayContaining(['all.json', 'sapien.json', 'sei.json', 'bella.json', 'sapien.aws.json']))
    const config = await createConfig({ rules })
    for (const name of names) {
      const problems = await lint({ ref: join(folder, name), config })
      expect(problems.map(({ message }) => `${name}: ${message}`)).toEqual([])
    }
  })

  test('and the validator does see what is broken', async () => {
    const ref = join(folder, 'broken.json')
    const operation = { responses: { 200: {} } }
    await writeFile(ref, JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: { '/x': { get: operation } } }))
    expect((await lint({ ref, config: await createConfig({ rules }) })).length).toBeGreaterThan(0)
    await rm(ref)
  })

  test('a changed, a missing and a left-over file are told', async () => {
    await writeOpenApiFiles(folder, table(), version)
    expect(await checkOpenApiFiles(folder, table(), version)).toEqual([])
    await writeFile(join(folder, 'sei.json'), '{}')
    await rm(join(folder, 'bella.json'))
    await writeFile(join(folder, 'nobody.json'), '{}')
    expect((await checkOpenApiFiles(folder, table(), version)).sort()).toEqual(['bella.json', 'nobody.json', 'sei.json'])
    await rm(join(folder, 'nobody.json'))
  })

  test('a contract that lost an operation is told, with the operation', async () => {
    await writeOpenApiFiles(folder, table(), version)
    expect(await diffOpenApiFiles(folder, table(), version)).toEqual(new Map())
    const without = table().map((contract) => ({
      ...contract,
      endpoints: contract.endpoints.filter(({ operation }) => operation !== 'users.list'),
    }))
    expect((await diffOpenApiFiles(folder, without, version)).get('sapien')).toEqual([{ operation: 'GET /v1/users', what: 'is gone' }])
  })

  test('in docs/openapi are those of this code; `./patchbay openapi --write` makes them so', async () => {
    expect(await checkOpenApiFiles('docs/openapi', table(), version)).toEqual([])
    expect(JSON.parse(await readFile('docs/openapi/all.json', 'utf8'))).toMatchObject({ openapi: '3.1.0' })
  })
})
