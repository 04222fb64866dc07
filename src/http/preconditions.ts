/**
 * The version that a write was made for: the text inside the `If-Match` header's quotes. Undefined without the header and for `*`,
 * which any version satisfies. A weak or malformed tag is given as it is, and matches no version.
 */
export function expectedVersion(headers: Readonly<Record<string, string | undefined>>): string | undefined {
  const header = headers['if-match']?.trim()
  if (header === undefined || header === '*') return undefined
  return /^"([^"]*)"$/.exec(header)?.[1] ?? header
}

/** Whether an `If-None-Match` header names the tag. Weak tags compare as equal, as they do for reads (RFC 9110, 13.1.2). */
export function hasTag(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => bare(tag) === bare(etag))
}
