import { mobilePrefix } from '../clients.ts'
import { type Exam, type Invariant, rowsOf } from '../exam.ts'
import type { Organization } from '../model.ts'

/** Asked with another's key for what is somebody's. */
async function peek({ scene }: Exam, owner: Organization, stranger: Organization): Promise<unknown[]> {
  const kept = [...owner.appointments.keys()].at(-1)
  const person = owner.people.at(-1)?.id
  const paths = [...(kept ? [`/appointments/${kept}`] : []), ...(person ? [`/users/${person}`] : [])]
  const seen: unknown[] = []
  for (const path of paths) {
    const { status } = await scene.wire.api(stranger.founded.apiKey, 'GET', path)
    if (status !== 404) seen.push({ path, stranger: stranger.lane, status })
  }
  return seen
}

/** Numbers say by their beginnings whose customers they are: nothing that is told of one may name another's. */
async function strayNumbers(exam: Exam): Promise<unknown[]> {
  const found: unknown[] = []
  for (const { index, founded } of exam.scene.organizations) {
    const others = exam.scene.organizations.filter((other) => other.index !== index).map((other) => `%${mobilePrefix(other.index)}%`)
    const values = [founded.organizationId, others]
    found.push(
      ...(await rowsOf(
        exam,
        `SELECT seq, type FROM platform.events WHERE organization_id = $1 AND data::text LIKE ANY ($2) LIMIT 5`,
        values,
      )),
      ...(await rowsOf(
        exam,
        `SELECT route, key FROM platform.idempotent_answers WHERE organization_id = $1 AND body LIKE ANY ($2) LIMIT 5`,
        values,
      )),
      ...(await rowsOf(
        exam,
        `SELECT id FROM calls.calls WHERE organization_id = $1 AND (from_number LIKE ANY ($2) OR to_number LIKE ANY ($2)) LIMIT 5`,
        values,
      )),
      ...(await rowsOf(
        exam,
        `SELECT id, mobile FROM contacts.contacts WHERE organization_id = $1 AND mobile LIKE ANY ($2) LIMIT 5`,
        values,
      )),
    )
  }
  return found
}

export const isolation: Invariant = {
  promise: 'nothing of one organisation is to be seen by another',
  every: 10,
  async check(exam, { last }) {
    const [first, ...rest] = exam.scene.organizations
    if (!first) return []
    const pairs = [...rest.map((other) => [first, other] as const), ...rest.map((other) => [other, first] as const)]
    const seen: unknown[] = []
    for (const [owner, stranger] of pairs) seen.push(...(await peek(exam, owner, stranger)))
    return last ? [...seen, ...(await strayNumbers(exam))] : seen
  },
}
