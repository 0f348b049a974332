export type { FileRow, FileType } from './files.sql.ts'
export {
  checkRoom,
  discardBytes,
  type FileFacts,
  type FileServices,
  getFile,
  keepUpload,
  registerFile,
  removeFile,
  removeFiles,
  removeUpload,
  type StorageUsage,
  type StoredBytes,
  storageUsage,
  storeBytes,
  type Upload,
} from './files.ts'
export { fileJobs } from './jobs.ts'
export type { MalwareScanner, Verdict } from './ports.ts'
export { type ScanServices, scanBytes } from './scanning.ts'
