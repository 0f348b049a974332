// Swagger UI and ReDoc over our documents. Every file comes from this server; the pages may load nothing else.
import { type AnyEndpoint, type Contract, endpoint } from '../../platform/http/index.ts'
import { addressOf } from './assets.ts'
import { type Html, html } from './html.ts'
import { once, serve, toServed } from './served.ts'

/** Both viewers write styles while they run; scripts stay files of ours. ReDoc searches in a worker that it makes itself. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
export const pageHeaders = (csp: string): Record<string, string> => ({
  'content-security-policy': csp,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
})

export const pageType = 'text/html; charset=utf-8'

export function viewers(contracts: () => readonly Contract[]): AnyEndpoint[] {
  const swagger = once(async () => toServed((await swaggerPage(contracts())).markup, pageType))
  const redoc = once(async () => toServed((await redocPage()).markup, pageType))
  return [
    endpoint({
      operation: 'docs.get',
      method: 'GET',
      path: '/docs',
      summary: 'Swagger UI over every contract',
      permission: 'public',
      unlimited: true,
      response: { 200: 'text/html', 304: null },
      handle: async ({ request }) => serve(request, await swagger(), pageHeaders(policy)),
    }),
    endpoint({
      operation: 'docs.get_redoc',
      method: 'GET',
      path: '/redoc',
      summary: 'ReDoc over every contract',
      permission: 'public',
      unlimited: true,
      response: { 200: 'text/html', 304: null },
      handle: async ({ request }) => serve(request, await redoc(), pageHeaders(policy)),
    }),
  ]
}

async function swaggerPage(contracts: readonly Contract[]): Promise<Html> {
  const urls = [
    { name: 'Everything', url: '/openapi.json' },
    ...contracts.map(({ name, title }) => ({ name: title, url: `/openapi/${name}.json` })),
  ]
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Patchbay · Swagger UI</title>
<link rel="icon" href="${await addressOf('icon.svg')}">
<link rel="stylesheet" href="${await addressOf('swagger-ui.css')}">
<link rel="stylesheet" href="${await addressOf('viewer.css')}">
<div id="swagger" data-urls="${JSON.stringify(urls)}"></div>
<script src="${await addressOf('swagger-ui-bundle.js')}"></script>
<script src="${await addressOf('swagger-ui-standalone-preset.js')}"></script>
<script src="${await addressOf('swagger.js')}"></script>
</html>
`
}

async function redocPage(): Promise<Html> {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Patchbay · ReDoc</title>
<link rel="icon" href="${await addressOf('icon.svg')}">
<link rel="stylesheet" href="${await addressOf('viewer.css')}">
<div id="redoc" data-url="/openapi.json"></div>
<script src="${await addressOf('redoc.standalone.js')}"></script>
<script src="${await addressOf('redoc.js')}"></script>
</html>
`
}
