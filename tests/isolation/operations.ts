// Every operation that is built, as the contracts lay them out: what is added there shows up in the tests by itself.
import { contracts } from '../../src/contracts/index.ts'
import { paperHouse } from '../../src/contracts/reference/paper-house.ts'
import type { AnyEndpoint, Contract } from '../../src/platform/http/index.ts'

export interface Operation {
  readonly contract: Contract
  readonly endpoint: AnyEndpoint
}

export const operations: readonly Operation[] = contracts(paperHouse('0.0.0')).flatMap((contract) =>
  contract.endpoints.map((endpoint) => ({ contract, endpoint })),
)

export function operationOf(name: string): Operation {
  const found = operations.find(({ endpoint }) => endpoint.operation === name)
  if (!found) throw new Error(`there is no operation ${name}`)
  return found
}
