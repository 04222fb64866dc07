/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/**
 * The one text for a value: object keys sorted, undefined members left out, dates as ISO 8601, bigints as `{"$int": "…"}`
 * so that they never equal a text. Equal values give equal bytes, so the text can be hashed into a cache key or fingerprint.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return `{"$int":"${value}"}`
  if (value instanceof Date) return `{"$date":${JSON.stringify(value.toISOString())}}`
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    if (value[key] !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  }
  return `{${members.join(',')}}`
}
