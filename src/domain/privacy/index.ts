export { type Erased, erasePerson, exportPerson, type Whom } from './privacy.ts'
