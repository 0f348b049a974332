// A house whose statements can be made to fail, and everything that tells what came of it.
import { openArena } from '../hostile/arena.ts'
import { openJudge } from '../hostile/judge.ts'
import { openFaults, prepareFaults } from './faults.ts'
import { openPictures } from './picture.ts'
import type { Ground } from './sweep.ts'

export interface OpenGround extends Ground {
  close(): Promise<void>
}

export async function openGround(options: Parameters<typeof openArena>[0] = {}): Promise<OpenGround> {
  const faults = openFaults()
  const arena = await openArena(options)
  await prepareFaults(arena.db)
  return {
    arena,
    faults,
    judge: await openJudge(arena.house),
    picture: await openPictures(arena.db),
    async close() {
      faults.close()
      await arena.close()
    },
  }
}

/** Complaints about what all the failures together have left: a hole among an organisation's events, an audit log that is not whole. */
export async function chainsOf({ arena }: Ground): Promise<string[]> {
  const { rows } = await arena.db.query<{ id: string }>(
    'SELECT organization_id AS id FROM platform.events GROUP BY 1 HAVING min(seq) <> 1 OR max(seq) <> count(*)',
  )
  const { findings } = await arena.house.house.audit.verify()
  return [...rows.map(({ id }) => `organisation ${id}: a hole among its events`), ...findings.map((one) => JSON.stringify(one))]
}
