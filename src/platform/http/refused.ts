// Whoever is refused for who they are, or for what they may do, stands in the log: who, where from, what for. Never with what.
import type { FastifyRequest } from 'fastify'
import type { Refusal } from '../errors/index.ts'
import type { Log } from '../session/index.ts'
import { visitOf } from './visit.ts'

const told: ReadonlySet<Refusal['kind']> = new Set(['unauthenticated', 'forbidden'])

export function tellRefused(log: Log, request: FastifyRequest, { kind, code }: Refusal): void {
  if (!told.has(kind)) return
  const { principal } = visitOf(request)
  log.warn(
    {
      event: 'access_refused',
      code,
      requestId: request.id,
      operation: request.routeOptions?.config.endpoint?.operation ?? null,
      caller: principal?.subject ?? null,
      organizationId: principal?.organizationId ?? null,
      address: request.ip,
    },
    'access was refused',
  )
}
