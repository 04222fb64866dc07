import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Problem } from '../../base/index.ts'

const decoders = { gzip: createGunzip, 'x-gzip': createGunzip, br: createBrotliDecompress, deflate: createInflate }

/** What the source says about a body: lower case, as far as it matters here. */
export interface BodyKind {
  readonly coding: string
  readonly charset: string
}

/**
 * A body as text. It is counted once it is unpacked, so that a small one that unpacks to a large one does no harm. Errors: `too_many_rows`
 * beyond `maxBytes`, `source_failed` for what cannot be read as text.
 */
export async function readBody(body: Readable, { coding, charset }: BodyKind, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  let excess: Problem | undefined
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      bytes += chunk.length
      if (bytes > maxBytes) {
        excess = new Problem('too_many_rows', `The answer of the source has more than ${maxBytes} bytes.`)
        throw excess
      }
      chunks.push(chunk)
    }
  }
  try {
    const decode = decoderOf(coding)
    await (decode ? pipeline(body, decode, collect) : pipeline(body, collect))
  } catch (error) {
    // The pipeline tells how the body took its end, not why it was ended.
    throw excess ?? error
  }
  return decodeText(Buffer.concat(chunks), charset)
}

function decoderOf(coding: string) {
  if (coding === '' || coding === 'identity') return undefined
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding as keyof typeof decoders] : undefined
  if (!decode) throw new Problem('source_failed', 'The source packs its answer in a way that is not known here.')
  return decode()
}

function decodeText(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch {
    throw new Problem('source_failed', `The answer of the source is not text in ${charset.slice(0, 40)}.`)
  }
}
