export { openRows } from './open-rows.ts'
export type {
  IngestRequest,
  LoadedTable,
  NativeDocument,
  Rows,
  RowsEngine,
  TableFile,
  VersionInfo,
  Workbench,
  WriteRequest,
} from './port.ts'
export type { RowsDeps, RowsSettings } from './settings.ts'
