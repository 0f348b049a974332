export { type Contact, createContact, findContact, findOrCreateContact, getContact, listContacts, readMobile } from './contacts.ts'
