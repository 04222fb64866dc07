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

const column = z.strictObject({ name: z.string(), type: z.enum(['integer', 'number', 'text', 'boolean', 'date']) })

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
    kind: z.literal('live'),
    connection: z.string().min(1),
    query: z.record(z.string(), z.json()),
    cache_ttl: z.number().min(0).max(604_800).nullish(),
  }),
  z.strictObject({ kind: z.literal('derived'), pipeline: z.array(z.json()) }),
])

export const domainAnswer = z.strictObject({ message: z.string(), domain: z.string(), kind })

/** A live or derived domain as it was written; a stored one only says so. */
export const domainDefinition = z.strictObject({
  domain: z.string(),
  kind,
  connection: z.string().optional(),
  connector: z.string().optional(),
  query: z.record(z.string(), z.unknown()).optional(),
  cache_ttl: z.number().nullable().optional(),
  pipeline: z.array(z.unknown()).optional(),
})

export const sourceSummary = z.strictObject({
  domain: z.string(),
  filename: z.string().nullable(),
  size: z.int().nullable(),
  version: z.string(),
  count: z.int(),
  columns: z.array(column),
  uploaded_at: z.string(),
})

/** The field `data` of an upload. `domain` is the file's name without its ending when absent. */
export const uploadData = z.strictObject({
  filename: z.string().min(1).max(255).optional(),
  domain: domainName.optional(),
})
