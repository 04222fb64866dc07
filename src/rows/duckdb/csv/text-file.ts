import { isUtf8 } from 'node:buffer'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../../../base/index.ts'

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/** What files that are no text begin with, and what people call them. */
const signatures: readonly (readonly [number[], string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'an Excel workbook or another zip archive'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x47, 0x49, 0x46, 0x38], 'a GIF image'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document'],
  [[0x1f, 0x8b], 'a gzip archive'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file'],
]

/**
 * Finds how a text file is encoded: by its byte order mark, else UTF-8 if all of it is, else Windows-1252, which has every byte.
 * Errors: `csv_invalid` for what is no text.
 */
export async function encodingOf(path: string, signal: AbortSignal): Promise<Encoding> {
  const { text: start } = await beginningOf(path, 65_536)
  for (const [bytes, name] of signatures) {
    if (bytes.every((byte, index) => start[index] === byte)) throw notText(`It looks like ${name}, not like text.`)
  }
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le'
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be'
  const encoding = await scan(path, signal)
  if (encoding === 'windows-1252' && isBinary(start)) throw notText('It is not text that can be read.')
  return encoding
}

/** The first bytes of a file, and whether they are all of it. */
export async function beginningOf(path: string, bytes: number): Promise<{ text: Buffer; isWhole: boolean }> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0)
    return { text: buffer.subarray(0, bytesRead), isWhole: bytesRead < bytes }
  } finally {
    await handle.close()
  }
}

/** Texts in Windows-1252 have no control characters but blanks and line ends; among other bytes they are one in ten. */
function isBinary(bytes: Buffer): boolean {
  const controls = bytes.reduce((count, byte) => count + (byte < 9 || (byte > 13 && byte < 32) ? 1 : 0), 0)
  return controls * 100 > bytes.length
}

async function scan(path: string, signal: AbortSignal): Promise<'utf-8' | 'windows-1252'> {
  let utf8 = true
  let line = 1
  let cut: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024, signal })) {
    const bytes: Buffer = Buffer.concat([cut, chunk])
    const zero = bytes.indexOf(0)
    if (zero >= 0)
      throw notText(
        'It has a zero byte: it is not text, or it is UTF-16 without a byte order mark.',
        line + lineFeeds(bytes, zero),
      )
    cut = bytes.subarray(wholeCharacters(bytes))
    const whole = bytes.subarray(0, bytes.length - cut.length)
    utf8 &&= isUtf8(whole)
    line += lineFeeds(whole, whole.length)
  }
  return utf8 && cut.length === 0 ? 'utf-8' : 'windows-1252'
}

/** How many bytes there are before a UTF-8 character that the end of the buffer cuts. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    if (byte < 0x80 || length > 1) return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function lineFeeds(bytes: Buffer, end: number): number {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0 && at < end; at = bytes.indexOf(10, at + 1)) count++
  return count
}

/** The bytes of a UTF-8 file behind its byte order mark, if it has one. */
export async function* withoutMark(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const { text } = await beginningOf(path, 3)
  const start = text.equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  yield* createReadStream(path, { start, highWaterMark: 256 * 1024, signal })
}

/** Whether a UTF-8 file has no character but blanks, line ends and a byte order mark. */
export async function isBlank(path: string, signal: AbortSignal): Promise<boolean> {
  for await (const text of createReadStream(path, { encoding: 'utf8', highWaterMark: 4096, signal })) {
    if (/\S/.test(String(text))) return false
  }
  return true
}

/** Copies a text file as UTF-8 without a byte order mark. `equalLineEnds`: every line ends with a line feed afterwards. */
export async function copyAsUtf8(from: { path: string; encoding: Encoding }, to: CopyTarget): Promise<void> {
  const decoder = new TextDecoder(from.encoding)
  await pipeline(
    createReadStream(from.path, { highWaterMark: 256 * 1024 }),
    async function* (source: AsyncIterable<Buffer>) {
      let held = ''
      for await (const chunk of source) {
        const text = held + decoder.decode(chunk, { stream: true })
        // A carriage return at the end may belong to a line feed that comes next.
        held = to.equalLineEnds && text.endsWith('\r') ? '\r' : ''
        yield withLineFeeds(text.slice(0, text.length - held.length), to.equalLineEnds)
      }
      yield withLineFeeds(held + decoder.decode(), to.equalLineEnds)
    },
    createWriteStream(to.path),
    { signal: to.signal },
  )
}

interface CopyTarget {
  readonly path: string
  readonly equalLineEnds: boolean
  readonly signal: AbortSignal
}

function withLineFeeds(text: string, wanted: boolean): string {
  return wanted ? text.replaceAll(/\r\n?/g, '\n') : text
}

export function invalidFile(message: string, place: { line?: number; column?: string } = {}): Problem {
  return new Problem('csv_invalid', message, { errors: [{ path: '/file', message, ...place }] })
}

function notText(message: string, line?: number): Problem {
  return invalidFile(message, line === undefined ? {} : { line })
}
