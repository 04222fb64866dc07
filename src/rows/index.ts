export { openRows, type RowsDeps, type RowsSettings } from './open-rows.ts'
export type { IngestRequest, Rows, TableFile, VersionInfo, WriteRequest } from './port.ts'
