import { statement } from '../../platform/db/index.ts'

export interface UserRow {
  id: number
  username: string
  email: string
  firstName: string
  lastName: string
  mobile: string | null
  roles: string[]
  permissions: string[]
  passwordHash: string | null
  /** Of a first password, made for them; null of one that they chose. */
  passwordExpiresAt: Date | null
  status: 'active' | 'inactive'
  deactivatedAt: Date | null
}

/** Whose eyes: everybody's rows, or the viewer's own and those of the people they supervise. */
const sight = `(:all::boolean OR u.id = :viewer::bigint OR u.id IN (
        SELECT s.user_id FROM people.supervision s WHERE s.organization_id = :organizationId AND s.supervisor_id = :viewer::bigint))`

/** A user as sapien shows it. `grants` is the table of roles: {"user": ["users:read", …], …}. */
const shown = `json_build_object(
        'id', u.id, 'username', u.username, 'email', u.email, 'firstName', u.first_name, 'lastName', u.last_name, 'mobile', u.mobile,
        'organization', (SELECT json_build_object('id', o.organization_id, 'name', o.name, 'domain', o.domain)
                           FROM tenancy.organizations o WHERE o.organization_id = u.organization_id),
        'roles', u.roles,
        'permissions', (SELECT coalesce(json_agg(p ORDER BY p), '[]'::json)
                          FROM (SELECT jsonb_array_elements_text(:grants::jsonb -> r.role) AS p FROM unnest(u.roles) AS r(role)
                                UNION SELECT unnest(u.permissions)) AS granted),
        'devices', '[]'::json, 'status', u.status,
        'createdAt', to_char(u.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'lastLoginAt', to_char(u.last_login_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`

export interface UserListParams {
  all: boolean
  viewer: number | null
  /** For LIKE, or null for everybody. */
  pattern: string | null
  status: 'active' | 'inactive' | null
  grants: object
  limit: number
  offset: number
}
const matching = `u.organization_id = :organizationId AND ${sight}
        AND (:status::text IS NULL OR u.status = :status)
        AND (:pattern::text IS NULL OR lower(u.username) LIKE lower(:pattern) OR lower(u.email) LIKE lower(:pattern)
             OR lower(u.first_name || ' ' || u.last_name) LIKE lower(:pattern))`

export const listUsersJson = statement<UserListParams, { json: string }>(
  'users_list_json',
  `WITH page AS (
     SELECT u.id, lower(u.last_name) AS last, lower(u.first_name) AS first
       FROM people.users u
      WHERE ${matching}
      ORDER BY lower(u.last_name), lower(u.first_name), u.id LIMIT :limit::int OFFSET :offset::int
   )
   SELECT json_build_object(
            'users', coalesce((SELECT json_agg(${shown} ORDER BY page.last, page.first, page.id)
                                 FROM page JOIN people.users u ON u.organization_id = :organizationId AND u.id = page.id), '[]'::json),
            'total', (SELECT count(*) FROM people.users u WHERE ${matching}), 'limit', :limit::int, 'offset', :offset::int)::text AS json`,
)

export const selectUserJson = statement<{ id: number; grants: object }, { json: string }>(
  'users_select_json',
  `SELECT ${shown}::text AS json FROM people.users u WHERE u.organization_id = :organizationId AND u.id = :id::bigint`,
)

export const selectSupervision = statement<{ viewer: number | null; id: number }, { supervised: boolean }>(
  'users_select_supervision',
  `SELECT EXISTS (SELECT FROM people.supervision
                   WHERE organization_id = :organizationId AND supervisor_id = :viewer::bigint AND user_id = :id::bigint) AS supervised`,
)

const row = `id, username, email, first_name AS "firstName", last_name AS "lastName", mobile, roles, permissions,
          password_hash AS "passwordHash", password_expires_at AS "passwordExpiresAt", status, deactivated_at AS "deactivatedAt"`

export const lockUser = statement<{ id: number }, UserRow>(
  'users_lock',
  `SELECT ${row} FROM people.users WHERE organization_id = :organizationId AND id = :id::bigint FOR UPDATE`,
)

export const selectUser = statement<{ id: number }, UserRow>(
  'users_select',
  `SELECT ${row} FROM people.users WHERE organization_id = :organizationId AND id = :id::bigint`,
)

export interface InsertUserParams {
  username: string
  email: string
  firstName: string
  lastName: string
  mobile: string | null
  roles: readonly string[]
  passwordHash: string | null
  passwordExpiresAt: Date | null
  at: Date
}
export const insertUser = statement<InsertUserParams, { id: number }>(
  'users_insert',
  `INSERT INTO people.users (organization_id, username, email, first_name, last_name, mobile, roles, password_hash, password_expires_at,
                             created_at, updated_at)
   VALUES (:organizationId, :username, :email, :firstName, :lastName, :mobile, :roles, :passwordHash, :passwordExpiresAt, :at, :at)
   RETURNING id`,
)

export const updateUserRow = statement<Omit<UserRow, 'permissions'> & { at: Date }, never>(
  'users_update',
  `UPDATE people.users
      SET username = :username, email = :email, first_name = :firstName, last_name = :lastName, mobile = :mobile, roles = :roles,
          password_hash = :passwordHash, password_expires_at = :passwordExpiresAt, status = :status, deactivated_at = :deactivatedAt, updated_at = :at,
          name_released = name_released AND :status::text = 'inactive'
    WHERE organization_id = :organizationId AND id = :id::bigint`,
)

export const releaseName = statement<{ id: number; before: Date }, { id: number }>(
  'users_release_name',
  `UPDATE people.users SET name_released = true
    WHERE organization_id = :organizationId AND id = :id::bigint AND status = 'inactive' AND NOT name_released AND deactivated_at <= :before
    RETURNING id`,
)

export interface LoginRow {
  organizationId: number
  id: number
  roles: string[]
  permissions: string[]
  passwordHash: string
}
export const findLogin = statement<{ login: string }, LoginRow>(
  'users_find_login',
  `SELECT organization_id AS "organizationId", id, roles, permissions, password_hash AS "passwordHash" FROM people.find_login(:login)`,
)

/** No row: the password was a first one, and has run out. */
export const noteLogin = statement<{ id: number; at: Date }, { id: number }>(
  'users_note_login',
  `UPDATE people.users SET last_login_at = greatest(last_login_at, :at)
    WHERE organization_id = :organizationId AND id = :id::bigint AND (password_expires_at IS NULL OR password_expires_at > :at)
    RETURNING id`,
)
