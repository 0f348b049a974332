import { differs, seenOf } from '../calls.ts'
import type { Exam, Invariant } from '../exam.ts'
import { dayMs, type Organization } from '../model.ts'
import { iso, nowOf } from '../scene.ts'

/** As the API shows them, from yesterday on; all of them at the end. */
async function listed({ scene }: Exam, { founded }: Organization, from: string): Promise<Parameters<typeof seenOf>[0][]> {
  const rows: Parameters<typeof seenOf>[0][] = []
  for (;;) {
    const path = `/appointments?limit=500&offset=${rows.length}&from=${encodeURIComponent(from)}`
    const { body } = await scene.wire.api(founded.apiKey, 'GET', path)
    const page = (body.appointments ?? []) as Parameters<typeof seenOf>[0][]
    rows.push(...page)
    if (page.length === 0 || rows.length >= Number(body.total)) return rows
  }
}

export const acknowledged: Invariant = {
  promise: 'what was acknowledged is there as it was acknowledged, and nothing else is there',
  every: 1,
  async check(exam, { last }) {
    const from = last ? 0 : nowOf(exam.scene) - 2 * dayMs
    const wrong: unknown[] = []
    for (const organization of exam.scene.organizations) {
      const rows = (await listed(exam, organization, iso(from))).map(seenOf)
      const seen = new Map(rows.map((row) => [row.id, row]))
      const expected = [...organization.appointments.values()].filter(({ startsAt }) => startsAt >= from)
      wrong.push(
        ...rows
          .filter((row) => differs(organization.appointments.get(row.id), row))
          .map((row) => ({ kept: organization.appointments.get(row.id), row })),
      )
      wrong.push(...expected.filter(({ id }) => !seen.has(id)).map((lost) => ({ lost })))
    }
    return wrong
  },
}
