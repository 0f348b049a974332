// The last question to any credential: is there an organisation behind it that may be worked for?
import type { Principal } from '../platform/auth/index.ts'
import { refuse } from '../platform/errors/index.ts'
import type { House } from './house.ts'

/**
 * A credential that names no organisation is no better than one of an organisation that does not exist: those who hold
 * such would otherwise share one, that of nobody. @throws the contract's refusal
 */
export function admit(
  { standing }: Pick<House, 'standing'>,
  principal: Principal,
  refusal: 'invalid_token' | 'invalid_api_key',
): Principal | Promise<Principal> {
  const { organizationId } = principal
  const stands = organizationId > 0 && standing.isActive(organizationId)
  if (stands === true) return principal
  return Promise.resolve(stands).then((active) => (active ? principal : refuse(refusal)))
}
