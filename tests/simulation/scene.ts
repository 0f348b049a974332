// What every actor of a run has in hand.

import type { RunningHouse } from '../../src/main.ts'
import { type Principal, systemPrincipal } from '../../src/platform/auth/index.ts'
import type { Session } from '../../src/platform/session/index.ts'
import type { Organization } from './model.ts'
import type { Timeline } from './timeline.ts'
import type { Trace } from './trace.ts'
import type { Wire } from './wire.ts'
import type { World } from './world.ts'

export interface Scene {
  readonly world: World
  readonly wire: Wire
  readonly trace: Trace
  readonly timeline: Timeline
  readonly organizations: readonly Organization[]
}

export const nowOf = ({ world }: Scene): number => world.clock.now().getTime()
export const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

export function note(scene: Scene, { lane }: Pick<Organization, 'lane'>, action: string, outcome: string): void {
  scene.trace.note(lane, nowOf(scene), `${action} → ${outcome}`)
  scene.trace.count(`${action.split(' ', 1)[0]} → ${outcome.split(' ', 1)[0]}`)
}

/** The server's own code, asked past HTTP as its commands do; asked again where a fault cut it off. What it does must bear repeating. */
export async function persist<T>(
  scene: Scene,
  organizationId: number,
  work: (session: Session, house: RunningHouse) => Promise<T>,
): Promise<T> {
  for (;;) {
    const house = scene.world.house()
    const principal: Principal = systemPrincipal(organizationId, 'simulation')
    try {
      return await work(house.openSession(principal), house)
    } catch (error) {
      if (!scene.world.troubled() || isRefused(error)) throw error
      await scene.world.serving()
      await new Promise(setImmediate)
    }
  }
}

/** A refusal by the rules is an answer; that the database is away is none. */
export const isRefused = (error: unknown): error is { code: string } =>
  error instanceof Error && error.name === 'Refusal' && (error as { code?: string }).code !== 'database_unavailable'
