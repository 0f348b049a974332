// The people on the phone (P3): one row a number inside an organisation. Refuses a number that is taken or is none.
import { breaks } from '../../platform/db/index.ts'
import { refuse, refuseField } from '../../platform/errors/index.ts'
import type { RawJson, Session, Tx } from '../../platform/session/index.ts'
import {
  type Contact,
  insertContact,
  insertContactUnlessKnown,
  listContactsJson,
  nameContact,
  selectContact,
  selectContactByMobile,
  selectCountry,
} from './contacts.sql.ts'
import { callerNumber, toE164 } from './phone.ts'

export type { Contact } from './contacts.sql.ts'

/** @throws contact_not_found */
export async function getContact(session: Session, id: number): Promise<Contact> {
  return (await session.read(selectContact, { id })) ?? refuse('contact_not_found')
}

export const findContact = (session: Session, mobile: string): Promise<Contact | null> => session.read(selectContactByMobile, { mobile })

/** Who is known by the number that a carrier tells; nobody where it was withheld. */
export async function findCaller(session: Session, told: string): Promise<Contact | null> {
  const mobile = callerNumber(told)
  return mobile === null ? null : findContact(session, mobile)
}

export async function listContacts(session: Session, page: { limit: number; offset: number }): Promise<RawJson> {
  return (await session.json(listContactsJson, page)) ?? refuse('internal')
}

/** @throws invalid_request (no telephone number), mobile_taken */
export async function createContact(session: Session, input: { fullName: string; mobile: string }): Promise<Contact> {
  const mobile = await readMobile(session, input.mobile)
  try {
    return await session.write(async (tx) => {
      const contact = (await tx.read(insertContact, { fullName: input.fullName, mobile, at: tx.now() })) ?? refuse('internal')
      announce(tx, contact)
      return contact
    })
  } catch (error) {
    if (breaks(error, 'contacts_mobile')) return refuse('mobile_taken', { cause: error })
    throw error
  }
}

/**
 * The contact with this number, made when there is none; without a number (a withheld one) always a new one.
 * A name that is known already stays.
 */
export async function findOrCreateContact(session: Session, input: { fullName: string | null; mobile: string | null }): Promise<Contact> {
  const { fullName, mobile } = input
  return session.write(async (tx) => {
    const known = mobile === null ? null : await findContact(tx, mobile)
    if (known) return fillName(tx, known, fullName)
    const at = tx.now()
    const created =
      mobile === null
        ? await tx.read(insertContact, { fullName, mobile, at })
        : await tx.read(insertContactUnlessKnown, { fullName, mobile, at })
    if (created) announce(tx, created)
    return created ?? (mobile === null ? null : await findContact(tx, mobile)) ?? refuse('internal')
  })
}

/** A number as a caller of the API wrote it, in E.164. @throws invalid_request */
export async function readMobile(session: Session, text: string): Promise<string> {
  const home = await session.read(selectCountry, {})
  return toE164(text, home?.country ?? 'GB') ?? refuseField('body', 'mobile', 'is not a telephone number', 'phone')
}

async function fillName(tx: Tx, contact: Contact, fullName: string | null): Promise<Contact> {
  if (contact.fullName !== null || fullName === null) return contact
  const named = await tx.read(nameContact, { id: contact.id, fullName, at: tx.now() })
  if (named) tx.emit('contact.updated', { contactId: contact.id }, { resource: `contact:${contact.id}`, before: contact, after: named })
  return named ?? contact
}

function announce(tx: Tx, contact: Contact): void {
  tx.emit('contact.created', { contactId: contact.id }, { resource: `contact:${contact.id}`, after: contact })
}
