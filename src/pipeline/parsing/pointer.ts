import { jsonPointer } from '../../base/index.ts'

/** A JSON Pointer from `base`. */
export function pointer(base: string, path: readonly PropertyKey[]): string {
  return base + jsonPointer(path)
}

/** The last number in the place of a step, which is its index; 0 when there is none (`/domain`). */
export function stepIndex(place: string | undefined): number {
  const segments = (place ?? '').split('/').reverse()
  return Number(segments.find((segment) => /^\d+$/.test(segment)) ?? 0)
}
