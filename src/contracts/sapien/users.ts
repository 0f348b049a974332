// S4. The people of an organisation.
import { Type } from 'typebox'
import { createUser, deactivateUser, getUser, listUsers, showUser, updateUser } from '../../domain/people/index.ts'
import { type AnyEndpoint, answer, endpoint } from '../../platform/http/index.ts'
import type { House } from '../house.ts'
import { E164, Email, Id, IdParams, listOf, OrNull, Page, Password, PersonName, Role, User, Username } from './shapes.ts'

const path = '/v1/users/:id'
const missing = 'user_not_found'

const Roles = Type.Array(Role, { minItems: 1, maxItems: 4, uniqueItems: true })
const NewUser = Type.Object({
  username: Username,
  email: Email,
  firstName: PersonName,
  lastName: PersonName,
  password: Type.Optional(Password),
  organizationId: Type.Optional(Id),
  roles: Type.Optional(Roles),
  mobile: Type.Optional(OrNull(E164)),
})
const Change = Type.Partial(
  Type.Object({
    username: Username,
    email: Email,
    firstName: PersonName,
    lastName: PersonName,
    password: Password,
    currentPassword: Password,
    roles: Roles,
    mobile: OrNull(E164),
    status: Type.Enum(['active', 'inactive']),
  }),
)
const Query = Type.Object({
  search: Type.Optional(Type.String({ maxLength: 200 })),
  status: Type.Enum(['active', 'inactive', 'all'], { default: 'active' }),
  ...Page,
})
const jane = {
  username: 'jane.smith',
  email: 'jane.smith@example.com',
  firstName: 'Jane',
  lastName: 'Smith',
  password: 'SecurePassword123!',
  roles: ['user'],
}

export function users(house: House): AnyEndpoint[] {
  return [
    endpoint({
      operation: 'users.list',
      method: 'GET',
      path: '/v1/users',
      summary: 'The people of the organization',
      description: '`search` looks for a part of the name, the username or the e-mail address, in any case.',
      permission: 'users:read',
      query: Query,
      response: { 200: listOf('users', User) },
      examples: [{ title: 'Who has smith in the name', query: { search: 'smith', limit: 5 }, status: 200 }],
      handle: ({ session, query }) => listUsers(session, query),
    }),
    endpoint({
      operation: 'users.get',
      method: 'GET',
      path,
      params: IdParams,
      missing,
      summary: 'One of them',
      permission: 'users:read',
      response: { 200: User },
      errors: ['user_not_found'],
      handle: ({ session, params }) => getUser(session, house, params.id),
    }),
    endpoint({
      operation: 'users.create',
      method: 'POST',
      path: '/v1/users',
      summary: 'Add somebody',
      description: 'Without a password nobody can sign in as this user. A password has 10 characters and is not a common one.',
      permission: 'users:write',
      body: NewUser,
      response: { 201: User },
      errors: ['organization_not_found', 'username_taken', 'email_taken', 'weak_password'],
      examples: [{ title: 'A colleague', body: jane, status: 201 }],
      handle: ({ session, body }) =>
        session.write(async (tx) => {
          const id = await createUser(tx, house, body)
          return answer(201, await showUser(tx, id), { location: `/v1/users/${id}` })
        }),
    }),
    endpoint({
      operation: 'users.update',
      method: 'PUT',
      path,
      params: IdParams,
      missing,
      summary: 'Change somebody; what is left out stays as it is',
      description:
        'Everybody may change their own name and e-mail address, and, with the present one in `currentPassword`, their own password. Ten minutes after signing in, a change of one’s own e-mail address takes `currentPassword` too. The rest needs `users:write`. New roles or a new password end sign-ins.',
      permission: 'users:read',
      body: Change,
      response: { 200: User },
      examples: [{ title: 'Another name', body: { lastName: 'Smith-Jones' }, status: 200 }],
      errors: ['user_not_found', 'username_taken', 'email_taken', 'weak_password', 'locked_out'],
      handle: ({ session, params, body }) =>
        session.write(async (tx) => {
          await updateUser(tx, house, params.id, body)
          return showUser(tx, params.id)
        }),
    }),
    endpoint({
      operation: 'users.remove',
      method: 'DELETE',
      path,
      params: IdParams,
      missing,
      summary: 'Deactivate somebody: their tokens end, their name stays taken for a while',
      permission: 'users:delete',
      response: { 204: null },
      errors: ['user_not_found'],
      handle: async ({ session, params }) => {
        await deactivateUser(session, house, params.id)
        return answer(204, null)
      },
    }),
  ]
}
