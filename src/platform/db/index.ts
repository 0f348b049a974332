export { breaks, type Connection, type Database, type DatabaseOptions, openDatabase } from './database.ts'
export { migrate, migrationsFolder } from './migrate.ts'
export { type Statement, statement } from './statement.ts'
