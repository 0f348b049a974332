// What makes the server run its statements without anybody asking over HTTP: jobs that were queued, jobs of the clock, and
// what an operator does by command.
import type pg from 'pg'
import { jobs } from '../../src/domain/jobs.ts'
import { erasePerson, exportPerson } from '../../src/domain/privacy/index.ts'
import { systemPrincipal } from '../../src/platform/auth/index.ts'
import { factsByHand } from '../../src/platform/jobs/index.ts'
import type { Arena } from '../hostile/arena.ts'
import type { Answer } from '../hostile/judge.ts'
import { matrix } from '../isolation/matrix.ts'
import { operationOf } from '../isolation/operations.ts'
import { ask, type Scenario, sid } from './scenarios.ts'

const done: Answer = { status: 204, headers: {}, body: '' }

export const beyondHttp = (arena: Arena): Scenario[] => [...queued(arena), ...ticking(arena), ...commands(arena)]

const completed = { RecordingStatus: 'completed', RecordingDuration: '7' }

/** What queues each job. */
const makers: Readonly<Record<string, (arena: Arena) => Promise<unknown>>> = {
  'calls.place': (arena) => make(arena, 'calls.create'),
  'recordings.fetch': (arena) => make(arena, 'voice.recording', { ...completed, RecordingSid: sid('RE') }),
  'voicemail.store': (arena) => make(arena, 'voice.recording', { ...completed, RecordingSid: sid('RE') }, { kind: 'voicemail' }),
  'blobs.collect': (arena) => make(arena, 'blobs.delete'),
  'users.release-name': (arena) => make(arena, 'users.remove'),
  'booking.confirm': (arena) => make(arena, 'appointments.create'),
  'booking.remind': (arena) => make(arena, 'appointments.create'),
}

interface Queued {
  readonly organizationId?: number
}

const queued = (arena: Arena): Scenario[] =>
  Object.entries(makers).map(([task, queue]) => ({
    name: `the job ${task}`,
    operation: null,
    async prepare() {
      await arena.db.query('DELETE FROM graphile_worker._private_jobs')
      await queue(arena)
      return { run: await newestJob(arena, task) }
    },
  }))

/** What runs the newest of this kind that is queued. */
export async function newestJob(arena: Arena, task: string): Promise<() => Promise<Answer>> {
  const { house } = arena.house
  const { organizationId = 0, ...payload } = await payloadOf(arena.db, task)
  const found = jobs(house as never).find(({ name }) => name === task)
  if (!found) throw new Error(`there is no job ${task}`)
  const session = () => house.openSession(systemPrincipal(organizationId, `job:${task}`))
  return () => found.handle(session(), payload, factsByHand(session())).then(() => done)
}

async function make(arena: Arena, name: string, form: Record<string, string> = {}, query = {}): Promise<void> {
  const sent = (await matrix[name]?.send(arena.own)) ?? {}
  const answer = await ask(arena, operationOf(name), sent.form ? { ...sent, query, form: { ...sent.form, ...form } } : sent)
  if (answer.status >= 300) throw new Error(`${name} answered ${answer.status}: ${answer.body}`)
}

async function payloadOf(db: pg.Client, task: string): Promise<Queued> {
  const { rows } = await db.query<{ payload: Queued }>(
    `SELECT j.payload FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
      WHERE t.identifier = $1 ORDER BY j.id DESC LIMIT 1`,
    [task],
  )
  if (!rows[0]) throw new Error(`no ${task} was queued`)
  return rows[0].payload
}

function ticking(arena: Arena): Scenario[] {
  const { house } = arena.house
  return jobs(house as never)
    .filter(({ cron }) => cron !== undefined)
    .map((found) => {
      const session = () => house.openSession(systemPrincipal(0, `job:${found.name}`))
      return {
        name: `the job ${found.name}`,
        operation: null,
        prepare: async () => ({ run: () => found.handle(session(), {}, factsByHand(session())).then(() => done) }),
      }
    })
}

/** By name, what is prepared and then done. */
function commands(arena: Arena): Scenario[] {
  const { house } = arena.house
  const session = () => arena.house.session(100)
  const all: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
    'making an API key': async () => () => house.apiKeys.create(session(), { name: 'Key', scopes: ['*'], expiresAt: null }),
    'revoking an API key': async () => {
      const { id } = await house.apiKeys.create(session(), { name: 'Key', scopes: ['*'], expiresAt: null })
      return () => house.apiKeys.revoke(session(), id)
    },
    'making an OAuth client': async () => () => house.oauthClients.create(session(), { name: 'Client', roles: ['integration'] }),
    'handing out what is known of a person': async () => {
      const id = await arena.own.contact()
      return () => exportPerson(session(), { id })
    },
    'forgetting a person': async () => {
      const id = await arena.own.contact()
      return () => erasePerson(session(), { id }, house)
    },
  }
  return Object.entries(all).map(([name, prepare]) => ({
    name,
    operation: null,
    prepare: async () => {
      const work = await prepare()
      return { run: () => work().then(() => done) }
    },
  }))
}
