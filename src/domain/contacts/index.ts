export {
  type Contact,
  createContact,
  findCaller,
  findContact,
  findOrCreateContact,
  getContact,
  listContacts,
  readMobile,
} from './contacts.ts'
export { callerNumber } from './phone.ts'
