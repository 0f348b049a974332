export { type Contact, createContact, findContact, findOrCreateContact, getContact, listContacts, readMobile } from './contacts.ts'
export { toE164 } from './phone.ts'
