import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAudited, prepareAudited } from './audit.fixture.ts'

let base: Awaited<ReturnType<typeof prepareAudited>>
beforeAll(async () => {
  base = await prepareAudited()
})
afterAll(() => base.remove())

test('a whole chain', async () => {
  const audited = await openAudited(base.template, base.outside)
  const verdict = await audited.audit.verify()
  await audited.close()
  expect(verdict.findings).toEqual([])
  console.log(JSON.stringify(verdict))
})
