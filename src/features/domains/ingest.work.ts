import { z } from 'zod'
import type { Works } from '../../jobs/index.ts'
import type { Rows } from '../../rows/index.ts'
import { printVersion } from './new-version.ts'

/** `path`: of a file on this machine. */
const ingestPayload = z.strictObject({
  app: z.string(),
  domain: z.string(),
  path: z.string(),
  format: z.literal('csv'),
})

/** Reads a file into a new version. Errors: `csv_invalid`, `storage_failed`, `cancelled`. */
export function ingestWork({ rows }: { readonly rows: Rows }): Works[string] {
  return async (payload, { signal }) => {
    const { app, domain, path, format } = ingestPayload.parse(payload)
    return printVersion(await rows.ingest({ app, domain, file: { path, format } }, signal))
  }
}
