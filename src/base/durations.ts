const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
}
const sizes: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

function measure(text: string, table: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text)
  const name = match?.[2]?.toLowerCase() ?? ''
  const unit = Object.hasOwn(table, name) ? table[name] : undefined
  return unit === undefined ? undefined : Math.round(Number(match?.[1]) * unit)
}

/** Milliseconds of a text such as `50 ms`, `12h`, `2 weeks`; undefined when it is not one. */
export const parseDuration = (text: string): number | undefined => measure(text, units)

/** Bytes of a text such as `512 MiB` or `2 GB`; undefined when it is not one. */
export const parseSize = (text: string): number | undefined => measure(text, sizes)
