// A house of paper: enough to lay out the contracts for their documents where nothing runs and no database is near.
// Whoever really uses a service of it gets an error that says so.
import { loadSettings } from '../../platform/config/index.ts'
import type { House } from '../house.ts'

/** Contracts may take services apart and open caches while they are laid out; nothing may be awaited. */
function paper(name: string): unknown {
  const call = () => paper(`${name}()`)
  return new Proxy(call, {
    get: (_, key) => {
      if (typeof key === 'symbol' || key === 'then') throw new Error(`${name} is of paper: documents need no services`)
      return paper(`${name}.${key}`)
    },
  })
}

/** With the settings that nobody changed: documents are the same on every machine. */
export function paperHouse(version: string): House {
  const settings = loadSettings({ APP_ENV: 'testing', SECRET_KEY: 'a-key-for-a-house-of-paper-alone-00' })
  const known = { settings, version, baseUrl: () => '' }
  return new Proxy(known, {
    get: (target, key) => (key in target ? target[key as keyof typeof target] : paper(`house.${String(key)}`)),
  }) as unknown as House
}
