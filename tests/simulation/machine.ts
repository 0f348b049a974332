// What happens to the machine rather than in an organisation: jobs that are due, jobs by the clock, deaths of the process and
// of its connections.
import { jobs } from '../../src/domain/jobs.ts'
import { runClockJob, runDueJobs } from './queue.ts'
import type { Random } from './random.ts'
import { nowOf, type Scene } from './scene.ts'

export const work = (scene: Scene, random: Random): Promise<unknown> => runDueJobs(scene, random)

/** Every job that has a time of its own, out of turn: each must bear running at any moment. */
export async function clockwork(scene: Scene, random: Random): Promise<void> {
  const timed = jobs(scene.world.house()).flatMap(({ name, cron }) => (cron ? [name] : []))
  for (const name of timed) await runClockJob(scene, name, random)
}

/** Reconciliation comes every minute; a few of those do. */
export const reconcile = (scene: Scene, random: Random): Promise<void> => runClockJob(scene, 'calls.reconcile', random)

/** In the middle of whatever is done at this moment. */
export async function disaster(scene: Scene, random: Random): Promise<void> {
  const kind = random.weighted({ crash: 40, cut: 60 })
  const turns = random.int(0, 80)
  scene.trace.note('machine', nowOf(scene), kind)
  scene.trace.count(`fault → ${kind}`)
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
  if (kind === 'crash') await scene.world.crash()
  else scene.world.cut()
}

/** The carrier's API fails for a few requests. */
export async function carrierTrouble(scene: Scene, random: Random): Promise<void> {
  const { fault } = scene.world.office
  fault.kind = random.pick(['lost', 'refused'])
  fault.left = random.int(1, 3)
  scene.trace.note('machine', nowOf(scene), `carrier ${fault.kind} ${fault.left}`)
  scene.trace.count(`fault → carrier ${fault.kind}`)
}
