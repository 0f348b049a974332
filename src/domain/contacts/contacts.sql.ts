import { statement } from '../../platform/db/index.ts'

export interface Contact {
  id: number
  fullName: string | null
  mobile: string | null
  createdAt: Date
}

const columns = `id, full_name AS "fullName", mobile, created_at AS "createdAt"`

export const selectContact = statement<{ id: number }, Contact>(
  'contact_select',
  `SELECT ${columns} FROM contacts.contacts WHERE organization_id = :organizationId AND id = :id`,
)

export const selectContactByMobile = statement<{ mobile: string }, Contact>(
  'contact_by_mobile',
  `SELECT ${columns} FROM contacts.contacts WHERE organization_id = :organizationId AND mobile = :mobile`,
)

export const insertContact = statement<{ fullName: string | null; mobile: string | null; at: Date }, Contact>(
  'contact_insert',
  `INSERT INTO contacts.contacts (organization_id, full_name, mobile, created_at, updated_at)
   VALUES (:organizationId, :fullName, :mobile, :at, :at)
   RETURNING ${columns}`,
)

/** Null when somebody else was first: the number is known now. */
export const insertContactUnlessKnown = statement<{ fullName: string | null; mobile: string; at: Date }, Contact>(
  'contact_insert_unless_known',
  `INSERT INTO contacts.contacts (organization_id, full_name, mobile, created_at, updated_at)
   VALUES (:organizationId, :fullName, :mobile, :at, :at)
   ON CONFLICT (organization_id, mobile) DO NOTHING
   RETURNING ${columns}`,
)

/** A name is filled in where there was none; one that is known stays. */
export const nameContact = statement<{ id: number; fullName: string; at: Date }, Contact>(
  'contact_name',
  `UPDATE contacts.contacts SET full_name = :fullName, updated_at = :at
    WHERE organization_id = :organizationId AND id = :id AND full_name IS NULL
   RETURNING ${columns}`,
)

export const selectCountry = statement<object, { country: string | null }>(
  'contact_home_country',
  `SELECT settings ->> 'defaultCountry' AS country FROM tenancy.organizations WHERE organization_id = :organizationId`,
)

export const listContactsJson = statement<{ limit: number; offset: number }, { json: string }>(
  'contact_list_json',
  `SELECT json_build_object(
            'users', (SELECT coalesce(json_agg(json_build_object(
                               'id', page.id, 'full_name', page.full_name, 'mobile', page.mobile,
                               'created_at', to_char(page.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY page.id), '[]')
                        FROM (SELECT id, full_name, mobile, created_at FROM contacts.contacts
                               WHERE organization_id = :organizationId ORDER BY id LIMIT :limit OFFSET :offset) AS page),
            'total', (SELECT count(*) FROM contacts.contacts WHERE organization_id = :organizationId),
            'limit', :limit::int, 'offset', :offset::bigint)::text AS json`,
)
