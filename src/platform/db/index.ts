export { breaks, type Connection, type Database, type DatabaseOptions, openDatabase } from './database.ts'
export { appliedMigrations, migrate, migrationsFolder } from './migrate.ts'
export { readSnapshot, type Snapshot } from './scan.ts'
export { type Statement, statement } from './statement.ts'
