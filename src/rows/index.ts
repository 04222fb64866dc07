export { openRows } from './open-rows.ts'
export type { IngestRequest, Rows, TableFile, VersionInfo, WriteRequest } from './port.ts'
export type { RowsDeps, RowsSettings } from './settings.ts'
