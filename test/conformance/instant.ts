const pattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i

/** The instant that a date of a fixture means: text (UTC unless it has an offset), or an epoch number. Errors: it is none. */
export function instantOf(raw: unknown): Date {
  if (raw instanceof Date) return raw
  if (typeof raw === 'number' || typeof raw === 'bigint') return fromEpoch(Number(raw))
  const found = parseInstant(String(raw))
  if (!found) throw new Error(`"${raw}" is not a date.`)
  return found
}

/** Undefined for a text that is no date. */
export function parseInstant(text: string): Date | undefined {
  const match = pattern.exec(text.trim())
  if (!match) return undefined
  const [, year, month = '', day = '', hour = '0', minute = '00', second = '00', fraction = '', offset = 'Z'] = match
  const zone = /^z$/i.test(offset) ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(-2)}`
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const found = new Date(
    `${date}T${hour.padStart(2, '0')}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`,
  )
  return Number.isNaN(found.getTime()) ? undefined : found
}

/** Milliseconds, or what only makes sense as microseconds or nanoseconds. */
function fromEpoch(epoch: number): Date {
  const size = Math.abs(epoch)
  return new Date(size >= 1e17 ? epoch / 1e6 : size >= 1e14 ? epoch / 1e3 : epoch)
}
