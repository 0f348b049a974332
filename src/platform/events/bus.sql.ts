import { statement } from '../db/index.ts'

export const notify = statement<{ payload: string }, never>('bus_notify', `SELECT pg_notify('patchbay_bus', :payload)`)
