import { z } from 'zod'
import type { Json } from '../../base/index.ts'
import type { Release } from '../../catalog/index.ts'
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

/** Whether a release names this version, and not one that somebody else made. */
export function isIn({ domains }: Release, { domain, version }: NewVersion): boolean {
  const found = domains[domain]
  return found?.kind === 'stored' && found.version === version
}

export function printVersion({ version, domain, count, columns }: VersionInfo): Json {
  return { version, domain, count, columns: columns.map(({ name, type }) => ({ name, type })) }
}
