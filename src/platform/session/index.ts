export {
  type Emission,
  type JobOptions,
  type Log,
  type OpenSession,
  openSession,
  RawJson,
  type Session,
  type SessionContext,
  type Tx,
} from './session.ts'
