// S15. Whether the house works, part by part. No token, not counted. What a part is checked by: contracts/shared/checks.ts.
import { Type } from 'typebox'
import { type Answer, type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { type Checks, type Finding, listeningOrigin, type Part, parts } from '../shared/index.ts'

const State = Type.Enum(['ok', 'disabled', 'error'])
const Backends = Type.Record(Type.String(), Type.String())
const common = { method: 'GET', permission: 'public', unlimited: true, tags: ['health'] } as const
const fresh = { 'cache-control': 'no-store' }

export const hello = (house: House, checks: Checks): AnyEndpoint[] => [
  greeting(house, 'hello.get', '/hello'),
  greeting(house, 'hello.get-v1', '/v1/hello'),
  endpoint({
    ...common,
    operation: 'hello.check-all',
    path: '/v1/hello/all',
    summary: 'Every part at once; `backends` says what serves it, `disabled` that it is not configured',
    response: { 200: allParts, 503: allParts },
    handle: async ({ request }) => toAnswerOfAll(await checks.checkAll(listeningOrigin(request))),
  }),
  ...parts.map((part) =>
    endpoint({
      ...common,
      operation: `hello.check-${part}`,
      path: `/v1/hello/${part}`,
      summary: `Whether ${part} works: a round trip to what serves it now`,
      response: { 200: onePart(part), 503: onePart(part) },
      handle: async ({ request }) => toAnswer(part, await checks.check(part, listeningOrigin(request))),
    }),
  ),
]

const greeting = (house: House, operation: `hello.${string}`, path: string): AnyEndpoint =>
  endpoint({
    ...common,
    operation,
    path,
    summary: 'Whether the server answers',
    response: { 200: Type.Object({ status: Type.String(), timestamp: Type.String({ format: 'date-time' }) }) },
    handle: () => answer(200, { status: 'ok', timestamp: `${house.clock.now().toISOString().slice(0, 19)}Z` }, fresh),
  })

const onePart = (part: Part) => Type.Object({ [part]: State, backends: Type.Optional(Backends), reason: Type.Optional(Type.String()) })
const allParts = Type.Object({
  ...Object.fromEntries(parts.map((part) => [part, State])),
  backends: Backends,
  reasons: Type.Optional(Type.Record(Type.String(), Type.String())),
})

function toAnswer(part: Part, finding: Finding): Answer {
  const body = {
    [part]: finding.state,
    ...(finding.state === 'disabled' ? {} : { backends: { [part]: finding.backend } }),
    ...(finding.state === 'error' ? { reason: finding.reason } : {}),
  }
  return answer(finding.state === 'error' ? 503 : 200, body, fresh)
}

function toAnswerOfAll(findings: Record<Part, Finding>): Answer {
  const pick = (value: (finding: Finding) => string | undefined) =>
    Object.fromEntries(parts.map((part) => [part, value(findings[part])]).filter(([, text]) => text !== undefined))
  const reasons = pick((finding) => (finding.state === 'error' ? finding.reason : undefined))
  const failed = Object.keys(reasons).length > 0
  const body = {
    ...pick((finding) => finding.state),
    backends: pick((finding) => (finding.state === 'disabled' ? undefined : finding.backend)),
    ...(failed ? { reasons } : {}),
  }
  return answer(failed ? 503 : 200, body, fresh)
}
