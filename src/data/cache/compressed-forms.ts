import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { tight } from './tight.ts'

export type Coding = 'br' | 'gzip'

/** The compressed forms of a body, each made once, when it is first asked for, and not on the event loop. */
export interface CompressedForms {
  get(coding: Coding): Promise<Buffer>
  /**
   * Bytes that this costs beside the body: those of the forms that are made, and ours. A method, because each object with an accessor
   * costs a kilobyte.
   */
  size(): number
}

/** Below this a compressed form saves less than its header costs; above, making it would hold too much memory at once. */
const smallest = 1024
const largest = 64 * 1024 * 1024

/** What the means to make forms cost, and each form beside its bytes (measured on V8). */
const meansOverhead = 950
const formOverhead = 360

const compressors: Readonly<Record<Coding, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gzip)(body, { level: 6 }),
  br: (body) => promisify<Buffer, object, Buffer>(brotliCompress)(body, { params: brotliParams(body.length) }),
}

/** At 4, brotli takes about as long as gzip at 6 and gives smaller texts; at its default of 11 it takes fifty times as long. */
function brotliParams(size: number) {
  return {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: size,
  }
}

/** Undefined for a body that is not worth it. `grown` is called after a form was made. */
export function compressedForms(body: Buffer, grown: () => void): CompressedForms | undefined {
  if (body.length < smallest || body.length > largest) return undefined
  const forms: { [coding in Coding]?: Promise<Buffer> } = {}
  let bytes = meansOverhead

  async function make(coding: Coding): Promise<Buffer> {
    const form = tight(await compressors[coding](body))
    bytes += form.length + formOverhead
    grown()
    return form
  }

  return {
    get(coding) {
      const known = forms[coding]
      if (known) return known
      const made = make(coding)
      forms[coding] = made
      // The next one who asks tries again.
      made.catch(() => delete forms[coding])
      return made
    },
    size: () => bytes,
  }
}
