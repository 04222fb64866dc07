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

/** `count` is null for readers who may not know how many rows exist. */
export const domainSummary = z.strictObject({ domain: z.string(), columns: z.array(column), count: z.int().nullable() })

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
