// patchbay privacy: everything that is held about a person on the phone, or their erasure.
import { parseArgs } from 'node:util'
import { erasePerson, exportPerson, type Whom } from '../domain/privacy/index.ts'
import { CommandError, parseId } from './terminal.ts'
import { withHouse } from './with-house.ts'

const options = { org: { type: 'string', default: '100' }, contact: { type: 'string' } } as const

export function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [verb] = positionals
  if (verb !== 'export' && verb !== 'erase') throw new CommandError('Say privacy export --contact +44… or privacy erase --contact +44….')
  const whom = whomOf(values.contact)
  const organizationId = parseId(values.org, '--org')
  return withHouse(async ({ house, session: sessionOf }) => {
    const session = sessionOf(organizationId)
    const answer: unknown =
      verb === 'export' ? JSON.parse((await exportPerson(session, whom)).text) : await erasePerson(session, whom, house)
    console.log(JSON.stringify(answer, null, 2))
    return 0
  })
}

function whomOf(text: string | undefined): Whom {
  if (text && /^\+[1-9]\d{6,14}$/.test(text)) return { mobile: text }
  if (text && /^\d{1,15}$/.test(text)) return { id: Number(text) }
  throw new CommandError('--contact takes a number in E.164 form, such as +447700900123, or the id of a contact.')
}
