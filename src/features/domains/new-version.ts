import { z } from 'zod'
import type { Json } from '../../base/index.ts'
import type { VersionInfo } from '../../rows/index.ts'
import { column } from './domains.schema.ts'

/** What work says about the version that it made: it may come from another process. */
export const newVersion = z.object({
  version: z.string(),
  domain: z.string(),
  count: z.int(),
  columns: z.array(column),
})

export type NewVersion = z.output<typeof newVersion>

export function printVersion({ version, domain, count, columns }: VersionInfo): Json {
  return { version, domain, count, columns: columns.map(({ name, type }) => ({ name, type })) }
}
