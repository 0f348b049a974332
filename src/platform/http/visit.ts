// What the pipeline has learnt of a request so far, kept on the request itself.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Principal } from '../auth/principal.ts'
import type { ReadBody } from './bodies.ts'
import type { RequestFacts } from './endpoint.ts'

type Route = FastifyRequest['routeOptions']

export interface Visit {
  route: Route | null
  facts: RequestFacts | null
  principal: Principal | null
  body: ReadBody | null
}

declare module 'fastify' {
  interface FastifyRequest {
    visit: Visit | null
  }
}

/** Named before the first request, so that every request has the same shape from its birth. */
export const registerVisits = (server: FastifyInstance): void => void server.decorateRequest('visit', null)

export function visitOf(request: FastifyRequest): Visit {
  request.visit ??= { route: null, facts: null, principal: null, body: null }
  return request.visit
}

/** Fastify puts it together anew each time it is asked. */
export function routeOf(request: FastifyRequest): Route {
  const visit = visitOf(request)
  visit.route ??= request.routeOptions
  return visit.route
}
