import * as z from 'zod'
import type { Capabilities } from '../../pipeline/index.ts'

/** Headers that belong to the connection itself, or would change what is understood of the message. */
const ownHeaders = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const headerName = z
  .string()
  .max(200)
  .regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'This is not the name of a header.')
  .refine((name) => !ownHeaders.has(name.toLowerCase()) && !/^proxy-/i.test(name), 'This header cannot be set.')

const headers = z.record(headerName, z.string().max(8000))

/** Where the API is, and who asks. The timeout is in seconds. */
export const httpConfig = z
  .strictObject({
    baseroute: z.string().max(2000).refine(isBaseroute, 'Give an http(s) address without user, query and fragment.'),
    auth: z.enum(['none', 'basic', 'bearer', 'header']).default('none'),
    username: z
      .string()
      .max(1000)
      .regex(/^[^:]*$/, 'A user name has no colon.')
      .optional(),
    password: z.string().max(8000).optional().meta({ format: 'password' }),
    /** Sent as `Authorization: Bearer …`, or with `auth: header` in the header `header_name`. */
    token: z
      .string()
      .max(8000)
      .regex(/^[\x21-\x7e]+$/, 'A token has printable characters of ASCII only.')
      .optional()
      .meta({ format: 'password' }),
    header_name: headerName.optional(),
    headers: headers.default({}),
    timeout: z.number().min(0.1).max(3600).default(30),
  })
  .superRefine((config, context) => {
    for (const field of needed[config.auth]) {
      if (config[field] !== undefined) continue
      context.addIssue({ code: 'custom', path: [field], message: `Authentication with "${config.auth}" needs this.` })
    }
  })

const needed = { none: [], basic: ['username'], bearer: ['token'], header: ['token', 'header_name'] } as const

const jq = z.string().min(1).max(10_000)
const parameter = z.string().min(1).max(200)
const rows = z.int().min(1).max(100_000)

/** How the next page is asked for, by the names that saved queries have for it. */
const pagination = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('OffsetLimitPaginationConfig'),
    offset_name: parameter.default('offset'),
    offset: z.int().min(0).default(0),
    limit_name: parameter.default('limit'),
    limit: rows,
    data_filter: jq.default('.'),
  }),
  z.strictObject({
    kind: z.literal('PageBasedPaginationConfig'),
    page_name: parameter.default('page'),
    page: z.int().min(0).default(0),
    per_page_name: parameter.nullish(),
    per_page: rows.nullish(),
    max_page_filter: jq.nullish(),
    can_raise_not_found: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('CursorBasedPaginationConfig'),
    cursor_name: parameter.default('cursor'),
    cursor: z.string().nullish(),
    cursor_filter: jq,
  }),
  z.strictObject({
    kind: z.literal('HyperMediaPaginationConfig'),
    next_link_filter: jq,
    next_link: z.string().nullish(),
  }),
])

/** A request, and the rows in its answer. Texts of `url`, `params`, `headers` and `json` may hold variables. */
export const httpQuery = z.strictObject({
  url: z.string().max(8000).default(''),
  method: z.enum(['GET', 'POST']).default('GET'),
  params: z.record(z.string().max(200), z.json()).optional(),
  headers: headers.optional(),
  json: z.json().optional(),
  /** A jq program: one list, or objects one after the other, are the rows. */
  filter: jq.default('.'),
  http_pagination_config: pagination.nullish(),
})

export type HttpConfig = z.infer<typeof httpConfig>
export type HttpQuery = z.infer<typeof httpQuery>
export type Pagination = z.infer<typeof pagination>

/** It gives all its rows or none: whatever is to be done with them is done afterwards. */
export const httpCapabilities: Capabilities = {
  steps: new Set(),
  filter: false,
  sort: false,
  page: false,
  count: false,
  cancel: true,
  stream: true,
}

function isBaseroute(text: string): boolean {
  if (/[\s\\?#]/.test(text) || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === ''
}
