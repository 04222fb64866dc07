import { createHash } from 'node:crypto'

/** The content of a blob on its way to where it is kept. */
export interface CountedBytes {
  /** What is to be read in place of the content. */
  bytes(): AsyncGenerator<Uint8Array>
  /** Of what was read: once, when all of it was. */
  result(): { readonly hash: string; readonly size: number }
  /** What the content itself failed with: what the sender did wrong is not the fault of the place. Undefined: nothing. */
  failure(): { readonly error: unknown } | undefined
}

export function countBytes(content: AsyncIterable<Uint8Array>): CountedBytes {
  const hash = createHash('sha256')
  let size = 0
  let failure: { readonly error: unknown } | undefined
  return {
    async *bytes() {
      try {
        for await (const chunk of content) {
          hash.update(chunk)
          size += chunk.byteLength
          yield chunk
        }
      } catch (error) {
        failure = { error }
        throw error
      }
    },
    result: () => ({ hash: hash.digest('hex'), size }),
    failure: () => failure,
  }
}
