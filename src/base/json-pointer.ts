/** A JSON Pointer (RFC 6901): `~` and `/` in names are escaped. Of nothing: the empty text, which means the whole. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
