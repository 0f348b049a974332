// Tickets for clients that cannot send a header: who they are, for one minute and one stream, sealed so that nobody can
// read or make one. What ends the token that a ticket was got with ends the ticket too.
import type { Principal } from '../../platform/auth/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { redeem } from '../../platform/events/index.ts'
import { uuidv7 } from '../../platform/ids/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'

export const ticketS = 60
const purpose = 'event ticket'

interface Ticket {
  readonly id: string
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly principal: Principal
}

export function sealTicket({ vault, clock }: House, principal: Principal): string {
  const now = clock.now()
  const claims = { ...principal, permissions: [...principal.permissions] }
  const ticket = { id: uuidv7(now), expires: now.getTime() + ticketS * 1000, principal: claims }
  return Buffer.from(vault.seal(JSON.stringify(ticket), purpose)).toString('base64url')
}

/** Does not use it up. @throws invalid_token, token_expired */
export function openTicket(house: House, sealed: string): Ticket {
  const ticket = read(house, sealed)
  if (ticket.expires <= house.clock.now().getTime()) refuse('token_expired')
  if (!house.tokens.lasts(ticket.principal)) refuse('invalid_token')
  return ticket
}

/** Once, in whichever process. @throws invalid_token the second time */
export async function useTicket(session: Session, { id, expires }: Ticket): Promise<void> {
  if (!(await redeem(session, id, new Date(expires)))) refuse('invalid_token', { message: 'This ticket has been used.' })
}

function read({ vault }: House, sealed: string): Ticket {
  try {
    const { principal, ...ticket } = JSON.parse(vault.open(Buffer.from(sealed, 'base64url').toString('utf8'), purpose)) // sealed by us alone
    return { ...ticket, principal: { ...principal, permissions: new Set(principal.permissions) } }
  } catch (error) {
    return refuse('invalid_token', { cause: error })
  }
}
