// The parts of a run, by the names that `--only` takes, in the order in which they run.
import { measureCapacity } from './capacity.ts'
import { measureCrowd } from './crowd.ts'
import { measureDeep } from './deep.ts'
import { measureHttp } from './http.ts'
import { auditSection, jobsSection, overloadSection } from './others.ts'
import { measureProcesses } from './processes.ts'
import type { Section } from './results.ts'
import { measureVoice } from './voice.ts'
import { patient, type World } from './world.ts'

export const sections: Readonly<Record<string, { readonly title: string; readonly run: (world: World) => Promise<Section> }>> = {
  http: { title: 'GET: one row', run: (world) => measureHttp(patient(world), ['kept', 'awake', 'row']) },
  list: { title: 'GET: a list', run: (world) => measureHttp(patient(world), ['list']) },
  deep: { title: 'A page deep in a list', run: (world) => measureDeep(patient(world)) },
  voice: { title: 'Voice', run: (world) => measureVoice(patient(world)) },
  calls: { title: 'Calls at once', run: (world) => measureCapacity(patient(world)) },
  jobs: { title: 'Jobs', run: jobsSection },
  processes: { title: 'Processes', run: (world) => measureProcesses(patient(world)) },
  overload: { title: 'Overload', run: overloadSection },
  events: { title: 'Event streams', run: (world) => measureCrowd(patient(world)) },
  audit: { title: 'Audit', run: auditSection },
}

/** @throws naming what there is, when something else was asked for */
export function chosen(only: string | undefined): string[] {
  const names = Object.keys(sections)
  const wanted = only === undefined ? names : only.split(',').map((name) => name.trim())
  const unknown = wanted.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: there are ${names.join(', ')}`)
  return names.filter((name) => wanted.includes(name))
}
