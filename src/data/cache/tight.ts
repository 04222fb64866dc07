/**
 * The same bytes in memory of their own. A small buffer is mostly a slice of a larger block, which it would keep alive as a whole:
 * what is held for long would then cost many times what it is counted for.
 */
export function tight(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
