/** A JSON Pointer (RFC 6901) from `base`: `~` and `/` in names are escaped. */
export function pointer(base: string, path: readonly PropertyKey[]): string {
  return base + path.map((segment) => `/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The last number in the place of a step, which is its index; 0 when there is none (`/domain`). */
export function stepIndex(place: string | undefined): number {
  const segments = (place ?? '').split('/').reverse()
  return Number(segments.find((segment) => /^\d+$/.test(segment)) ?? 0)
}
