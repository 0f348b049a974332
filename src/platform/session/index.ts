export {
  type Emission,
  type JobOptions,
  type Log,
  openSession,
  RawJson,
  type Session,
  type SessionContext,
  type Tx,
} from './session.ts'
