// Ours, as `patchbay serve` runs it: credentials, limits, validation, isolation, metrics and a log line for every request.
import type { AddressInfo } from 'node:net'
import { openHouse } from '../../src/main.ts'
import { loadSettings } from '../../src/platform/config/index.ts'
import { answerAsServer, inputOf } from '../children.ts'
import type { World } from '../world.ts'

const { databaseUrl, environment } = inputOf<World>()
const house = await openHouse({ settings: loadSettings(environment), databaseUrl })
await house.listen()
answerAsServer((house.server.server.address() as AddressInfo).port, () => house.close())
