import { sha256 } from '../../base/index.ts'
import { type CompressedForms, compressedForms } from './compressed-forms.ts'

/** A body, and when its reading began (milliseconds since 1970): what it tells is at most that old. */
export interface PlainEntry {
  readonly body: Buffer
  /** Names the bytes of the body: a strong tag, quotes included. */
  readonly etag: string
  readonly at: number
}

/** An entry that is ready to be sent. `forms` are absent for bodies that are not worth compressing. */
export interface Entry extends PlainEntry {
  readonly forms: CompressedForms | undefined
}

export function tagOf(body: Buffer): string {
  return `"${sha256(body).slice(0, 32)}"`
}

/** `grown` is called whenever a compressed form was made. */
export function toEntry({ body, etag, at }: PlainEntry, grown: () => void = () => {}): Entry {
  return { body, etag, at, forms: compressedForms(body, grown) }
}
