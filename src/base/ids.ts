import { hash, randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new id: 10 characters of time (milliseconds, base 32) and 13 random ones (65 bits). Sorts by creation time between
 * milliseconds, is safe in paths and file names, and cannot be guessed from another one.
 */
export function newId(now: number): string {
  let time = ''
  for (let rest = Math.floor(now), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  let random = ''
  for (const byte of randomBytes(13)) random += alphabet[byte % 32]
  return time + random
}

/** The next id after one in the order of ids: it says the same time, or the next one. */
export function idAfter(id: string): string {
  const place = id.length - 1 - (/z*$/.exec(id)?.[0].length ?? 0)
  const next = alphabet[alphabet.indexOf(id[place] ?? '') + 1] ?? ''
  return id.slice(0, place) + next + alphabet.charAt(0).repeat(id.length - 1 - place)
}

/** When an id was made, in milliseconds since 1970; null for a text that `newId` does not make. */
export function timeOfId(id: string): number | null {
  if (!/^[0-9a-hjkmnp-tv-z]{23}$/.test(id)) return null
  let time = 0
  for (const letter of id.slice(0, 10)) time = time * 32 + alphabet.indexOf(letter)
  return time
}

/** An unguessable secret of `bytes` random bytes, as URL-safe text. */
export function newSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}

export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data)
}
