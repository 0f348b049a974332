// The reference, made from the contracts themselves: OpenAPI documents, Swagger UI, ReDoc and a page of our own.
// Public and never counted against a limit.
import type { AnyEndpoint, Contract } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { assetEndpoint } from './assets.ts'
import { documents } from './documents.ts'
import { page } from './page.ts'
import { viewers } from './viewers.ts'

export { documentsOf } from './documents.ts'
export { checkOpenApiFiles, diffOpenApiFiles, writeOpenApiFiles } from './files.ts'
export { paperHouse } from './paper-house.ts'

/** `contracts` is asked when the first page is: the row that carries these endpoints is among them. */
export function reference(house: House, contracts: () => readonly Contract[]): AnyEndpoint[] {
  return [...documents(house.version, contracts), ...viewers(contracts), page(house, contracts), assetEndpoint]
}
