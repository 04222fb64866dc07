/** Text that is written as bytes of UTF-8: many short pieces take half the time of strings that are joined and encoded at the end. */
export interface ByteText {
  bytes: Buffer
  length: number
}

/** An empty one. */
export function createByteText(): ByteText {
  return { bytes: Buffer.allocUnsafe(1 << 16), length: 0 }
}

/** What was written: a view of its memory, which is larger. */
export function bytesOf({ bytes, length }: ByteText): Buffer {
  return bytes.subarray(0, length)
}

function makeRoom(text: ByteText, size: number): void {
  if (text.length + size <= text.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(2 * text.bytes.length, text.length + size))
  text.bytes.copy(larger, 0, 0, text.length)
  text.bytes = larger
}

export function addString(text: ByteText, string: string): void {
  // A character of a string takes three bytes at most.
  makeRoom(text, 3 * string.length)
  text.length += text.bytes.write(string, text.length)
}

export function addByte(text: ByteText, byte: number): void {
  makeRoom(text, 1)
  text.bytes[text.length++] = byte
}

export function addBytes(text: ByteText, bytes: Uint8Array): void {
  makeRoom(text, bytes.length)
  const to = text.bytes
  let at = text.length
  for (let from = 0; from < bytes.length; from++) to[at++] = bytes[from] ?? 0
  text.length = at
}

/** What stands in it already, once more. */
export function addAgain(text: ByteText, start: number, end: number): void {
  makeRoom(text, end - start)
  const { bytes } = text
  let at = text.length
  // Mostly a few bytes: a call that copies them would take longer.
  for (let from = start; from < end; from++) bytes[at++] = bytes[from] ?? 0
  text.length = at
}

const zero = 48
const minus = 45
/** Up to here the arithmetic of 32-bit integers will do. */
const largestSmall = 0x7fff_ffff
const mostDigits = 17

/** A whole number that JavaScript holds exactly, in decimal digits. */
export function addInteger(text: ByteText, value: number): void {
  makeRoom(text, mostDigits)
  if (value < 0) text.bytes[text.length++] = minus
  const size = Math.abs(value)
  if (size > largestSmall) {
    text.length += text.bytes.write(String(size), text.length, 'latin1')
    return
  }
  const end = text.length + digitsOf(size)
  let rest = size | 0
  for (let at = end - 1; at >= text.length; at--) {
    const tenth = (rest / 10) | 0
    text.bytes[at] = zero + rest - 10 * tenth
    rest = tenth
  }
  text.length = end
}

function digitsOf(size: number): number {
  let digits = 1
  for (let most = 10; size >= most; most *= 10) digits++
  return digits
}
