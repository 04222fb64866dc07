import { z } from 'zod'

/** Any text that fits in a path segment: no control characters, no blanks at the ends. */
export const domainName = z
  .string()
  .min(1)
  .max(128)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  .refine((name) => name.trim() === name && !/[\u0000-\u001f\u007f/\\]/.test(name) && name !== '__proto__', {
    error: 'A domain has 1 to 128 characters, without slashes, control characters, or blanks at its ends.',
  })

export const column = z.strictObject({
  name: z.string(),
  type: z.enum(['integer', 'number', 'text', 'boolean', 'date']),
})

const kind = z.enum(['stored', 'live', 'derived'])

/**
 * `count` is null for readers who may not know how many rows exist, and for domains that are read when they are asked for; these have no
 * columns here, because only reading tells them.
 */
export const domainSummary = z.strictObject({
  domain: z.string(),
  kind,
  columns: z.array(column),
  count: z.int().nullable(),
})

/** A domain as builders write it. `cache_ttl`: seconds for which its answers may be served from the cache. */
export const domainBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('stored'),
    connection: z.string().min(1),
    query: z.record(z.string(), z.json()),
  }),
  z.strictObject({
    kind: z.literal('live'),
    connection: z.string().min(1),
    query: z.record(z.string(), z.json()),
    cache_ttl: z.number().min(0).max(604_800).nullish(),
  }),
  z.strictObject({ kind: z.literal('derived'), pipeline: z.array(z.json()) }),
])

export const domainAnswer = z.strictObject({ message: z.string(), domain: z.string(), kind })

/** A domain as it was written. `version`: of a stored one, null until its source was read; one that was uploaded has no connection. */
export const domainDefinition = z.strictObject({
  domain: z.string(),
  kind,
  version: z.string().nullable().optional(),
  connection: z.string().optional(),
  connector: z.string().optional(),
  query: z.record(z.string(), z.unknown()).optional(),
  cache_ttl: z.number().nullable().optional(),
  pipeline: z.array(z.unknown()).optional(),
})

/** `connection`: where the rows are read from at each refresh, instead of a file. Without a version it was not read yet. */
export const sourceSummary = z.strictObject({
  domain: z.string(),
  filename: z.string().nullable(),
  size: z.int().nullable(),
  connection: z.string().nullable(),
  version: z.string().nullable(),
  count: z.int().nullable(),
  columns: z.array(column),
  uploaded_at: z.string().nullable(),
})

/** The field `data` of an upload. `domain` is the file's name without its ending when absent. */
export const uploadData = z.strictObject({
  filename: z.string().min(1).max(255).optional(),
  domain: domainName.optional(),
})
