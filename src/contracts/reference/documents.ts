// The OpenAPI documents over HTTP: all contracts together, and each alone.
import { Type } from 'typebox'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, type Contract, endpoint, type OpenApiDocument, openApiOf, openApiOfAll } from '../../platform/http/index.ts'
import { once, type Served, serve, toServed } from './served.ts'

export const allInfo = (version: string) => ({
  title: 'Patchbay',
  description: 'Telephony, voice booking and engineering analytics: every contract of one server in one document.',
  version,
})

/** Every document by its name; `all` is all of them in one. */
export function documentsOf(contracts: readonly Contract[], version: string): Map<string, OpenApiDocument> {
  const single = contracts.map((contract) => [contract.name, openApiOf(contract)] as const)
  return new Map<string, OpenApiDocument>([['all', openApiOfAll(contracts, allInfo(version))], ...single])
}

const Document = Type.Object({ openapi: Type.String(), info: Type.Object({}), paths: Type.Object({}) }, { description: 'OpenAPI 3.1' })

export function documents(version: string, contracts: () => readonly Contract[]): AnyEndpoint[] {
  const served = once(async () => {
    const made = [...documentsOf(contracts(), version)]
    return new Map(await Promise.all(made.map(async ([name, document]) => [name, await toServed(JSON.stringify(document), json)] as const)))
  })
  return [
    endpoint({
      operation: 'openapi.get',
      method: 'GET',
      path: '/openapi.json',
      summary: 'Every contract in one OpenAPI 3.1 document',
      permission: 'public',
      unlimited: true,
      response: { 200: Document, 304: null },
      handle: async ({ request }) => serve(request, find(await served(), 'all')),
    }),
    endpoint({
      operation: 'openapi.get_one',
      method: 'GET',
      path: '/openapi/:name.json',
      summary: 'One contract as OpenAPI 3.1',
      permission: 'public',
      unlimited: true,
      params: Type.Object({ name: Type.String({ description: 'The contract’s name' }) }),
      response: { 200: Document, 304: null },
      handle: async ({ request, params }) => serve(request, find(await served(), params.name)),
    }),
  ]
}

const json = 'application/json; charset=utf-8'
const find = (served: ReadonlyMap<string, Served>, name: string): Served => served.get(name) ?? refuse('route_not_found')
