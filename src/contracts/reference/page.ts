// GET /reference: the page, rendered once for what it is made of.
import { type AnyEndpoint, type Contract, endpoint, openApiOf } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { addressOf } from './assets.ts'
import { listMagicNumbers, type MagicNumber } from './magic-numbers.ts'
import { referencePage } from './page/layout.ts'
import { hashOf, type Served, serve, toServed } from './served.ts'
import { pageHeaders, pageType } from './viewers.ts'

/** Nothing inline, nothing from elsewhere. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function page(house: House, contracts: () => readonly Contract[]): AnyEndpoint {
  let made: { readonly of: string; readonly served: Promise<Served> } | null = null
  return endpoint({
    operation: 'reference.get',
    method: 'GET',
    path: '/reference',
    summary: 'This page: every operation with its parameters, answers and examples',
    permission: 'public',
    unlimited: true,
    response: { 200: 'text/html', 304: null },
    handle: async ({ request }) => {
      const numbers = await numbersOf(house)
      const of = hashOf(JSON.stringify([house.baseUrl(), numbers]))
      if (made?.of !== of) made = { of, served: render(house, contracts(), numbers) }
      return serve(request, await made.served, pageHeaders(policy))
    },
  })
}

/** Asked for again each time: a sandbox may come and go, and it answers at once. */
async function numbersOf(house: House): Promise<readonly MagicNumber[] | null> {
  const { sandbox, twilio } = house.settings
  if (sandbox === 'off' || !twilio.baseUrl) return null
  const guard = house.guards.guard('sandbox', { timeoutMs: 500, retries: 0, breaker: { failures: 3, halfOpenAfterMs: 10_000 } })
  return listMagicNumbers(twilio.baseUrl, guard, house.log)
}

async function render(house: House, contracts: readonly Contract[], numbers: readonly MagicNumber[] | null): Promise<Served> {
  const chapters = contracts.map((contract) => ({ contract, document: openApiOf(contract) }))
  const [style, script, icon] = await Promise.all([addressOf('reference.css'), addressOf('reference.js'), addressOf('icon.svg')])
  const made = referencePage({ chapters, version: house.version, baseUrl: house.baseUrl(), numbers, addresses: { style, script, icon } })
  return toServed(made.markup, pageType)
}
