// B5. Bella's users are the people on the phone: contacts, found by number.
import { Type } from 'typebox'
import { createContact, findOrCreateContact, getContact, listContacts, readMobile } from '../../domain/contacts/index.ts'
import { type Problem, refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { Session } from '../../platform/session/index.ts'
import { IdParams, Page, toUser, UserShape } from './shapes.ts'

const tags = ['Users']
const NewUser = Type.Object({
  full_name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  mobile: Type.String({
    minLength: 1,
    maxLength: 40,
    description: 'With its country code, or as it is dialled in the organization’s country',
  }),
})

export const users = (): AnyEndpoint[] => [
  endpoint({
    operation: 'contacts.list',
    method: 'GET',
    path: '/users',
    tags,
    summary: 'The people who have booked or rung',
    permission: 'contacts:read',
    query: Type.Object(Page),
    response: { 200: Type.Object({ users: Type.Array(UserShape), total: Type.Integer(), limit: Type.Integer(), offset: Type.Integer() }) },
    handle: ({ session, query }) => listContacts(session, query),
  }),
  endpoint({
    operation: 'contacts.create',
    method: 'POST',
    path: '/users',
    tags,
    summary: 'Add somebody, by a number that nobody else has',
    permission: 'contacts:write',
    body: NewUser,
    response: { 201: UserShape },
    examples: [{ title: 'Somebody new', body: { full_name: 'Grace Hopper', mobile: '+442079460123' }, status: 201 }],
    errors: ['mobile_taken'],
    handle: async ({ session, body }) => {
      const contact = await createContact(session, { fullName: body.full_name.trim(), mobile: body.mobile })
      return answer(201, toUser(contact), { location: `/users/${contact.id}` })
    },
  }),
  endpoint({
    operation: 'contacts.get',
    method: 'GET',
    path: '/users/:id',
    tags,
    params: IdParams,
    missing: 'contact_not_found',
    summary: 'One of them',
    permission: 'contacts:read',
    response: { 200: UserShape },
    errors: ['contact_not_found'],
    handle: async ({ session, params }) => toUser(await getContact(session, params.id)),
  }),
]

/** Whom a booking is for when no `user_id` says it: whoever has the number, or somebody new. @throws invalid_request */
export async function userOfBooking(session: Session, body: { full_name?: string; mobile?: string }): Promise<number> {
  const { full_name: fullName, mobile } = body
  if (mobile === undefined) return refuseMissing(fullName === undefined ? ['user_id'] : ['mobile'])
  if (fullName === undefined) return refuseMissing(['full_name'])
  return (await findOrCreateContact(session, { fullName, mobile: await readMobile(session, mobile) })).id
}

function refuseMissing(fields: readonly string[]): never {
  const problems: Problem[] = fields.map((field) => ({ in: 'body', path: [field], message: 'is required', rule: 'required' }))
  return refuse('invalid_request', { problems })
}
