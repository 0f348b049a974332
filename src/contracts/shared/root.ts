// `/`: sei's words for a program; a browser is sent to where a person finds something to read.
import { Type } from 'typebox'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'

const vary = { vary: 'accept' }

export const root = (house: House): AnyEndpoint =>
  endpoint({
    operation: 'root.get',
    method: 'GET',
    path: '/',
    summary: 'What this server is',
    permission: 'public',
    unlimited: true,
    response: {
      200: Type.Object({
        service: Type.String(),
        version: Type.String(),
        status: Type.String(),
        docs: Type.String(),
        health: Type.String(),
      }),
      302: null,
    },
    handle: ({ request }) =>
      String(request.headers.accept ?? '').includes('text/html')
        ? answer(302, null, { ...vary, location: '/reference' })
        : answer(200, { service: 'Patchbay', version: house.version, status: 'operational', docs: '/docs', health: '/health' }, vary),
  })
