export { clamavGuard, clamavScanner } from './scanner.ts'
