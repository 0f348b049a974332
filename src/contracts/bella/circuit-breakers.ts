// Seed 004, "Circuit Breakers" (B9): what all processes together have seen of each outside service. All organisations
// share the services, so opening and resetting is for admins of the organisation that runs this installation.
import { Type } from 'typebox'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, endpoint } from '../../platform/http/index.ts'
import type { BreakerSnapshot, Guards } from '../../platform/resilience/index.ts'
import type { Session } from '../../platform/session/index.ts'
import type { House } from '../house.ts'

const UnixSeconds = Type.Union([Type.Number(), Type.Null()], { description: 'Unix time in seconds, with a fraction' })
const Breaker = Type.Object({
  name: Type.String(),
  state: Type.Enum(['closed', 'half_open', 'open']),
  total_requests: Type.Integer(),
  successful_requests: Type.Integer(),
  failed_requests: Type.Integer(),
  success_rate: Type.Number({ minimum: 0, maximum: 1, description: '1 before the first request' }),
  circuit_opened_count: Type.Integer(),
  current_failure_streak: Type.Integer(),
  last_failure_time: UnixSeconds,
  last_success_time: UnixSeconds,
  time_in_current_state: Type.Number({ description: 'Seconds' }),
})
const Named = Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) })
const tags = ['Circuit breakers']

export const circuitBreakers = ({ guards, settings }: House): AnyEndpoint[] => [
  endpoint({
    operation: 'breakers.list',
    method: 'GET',
    path: '/api/unified/circuit-breakers',
    tags,
    summary: 'Every circuit breaker and its figures, over all processes',
    description: 'The figures outlive restarts; those of other processes are at most a second old. `database` only watches.',
    permission: 'operations:read',
    response: { 200: Type.Record(Type.String(), Breaker) },
    handle: async () => Object.fromEntries((await guards.all()).map((snapshot) => [snapshot.name, toBreaker(snapshot)])),
  }),
  ...(['open', 'reset'] as const).map((verb) =>
    endpoint({
      operation: `breakers.${verb}`,
      method: 'POST',
      path: `/api/unified/circuit-breakers/:name/${verb}`,
      tags,
      params: Named,
      missing: 'breaker_not_found',
      summary: verb === 'open' ? 'Hold it open, in every process, until it is reset' : 'Close it, in every process',
      permission: 'operations:write',
      response: { 200: Breaker },
      errors: ['breaker_not_found', ...(verb === 'open' ? (['breaker_watches'] as const) : [])],
      handle: ({ session, params }) => force(session, guards, settings.operatorOrganization, params.name, verb),
    }),
  ),
]

async function force(session: Session, guards: Guards, operator: number, name: string, verb: 'open' | 'reset'): Promise<object> {
  const guard = (session.organizationId === operator ? guards.find(name) : undefined) ?? refuse('breaker_not_found')
  const before = guard.snapshot().state
  await guard.force(verb === 'open' ? 'open' : 'closed')
  const after = guard.snapshot().state
  const type = verb === 'open' ? 'breaker.opened' : 'breaker.reset'
  await session.write(async (tx) => tx.emit(type, { name, state: after }, { resource: `breaker:${name}`, before, after, feed: false }))
  return toBreaker((await guards.all()).find((snapshot) => snapshot.name === name) ?? guard.snapshot())
}

const toBreaker = (snapshot: BreakerSnapshot): object => ({
  name: snapshot.name,
  state: snapshot.state,
  total_requests: snapshot.totalRequests,
  successful_requests: snapshot.successfulRequests,
  failed_requests: snapshot.failedRequests,
  success_rate: toThousandths(snapshot.successRate),
  circuit_opened_count: snapshot.circuitOpenedCount,
  current_failure_streak: snapshot.currentFailureStreak,
  last_failure_time: snapshot.lastFailureTime === null ? null : toThousandths(snapshot.lastFailureTime),
  last_success_time: snapshot.lastSuccessTime === null ? null : toThousandths(snapshot.lastSuccessTime),
  time_in_current_state: toThousandths(snapshot.timeInCurrentState),
})

const toThousandths = (value: number): number => Math.round(value * 1000) / 1000
