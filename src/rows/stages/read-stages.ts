/** The stages in a JSON text, with the plain values that extended JSON has words for. */
export function readStages(stages: string): Record<string, unknown>[] {
  return withValues(JSON.parse(stages)) as Record<string, unknown>[]
}

function withValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withValues)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
  const [only] = members
  if (members.length === 1 && only) {
    const [name, inner] = only
    if (name === '$date') return new Date(typeof inner === 'object' ? Number(Object.values(inner ?? {})[0]) : inner)
    if (/^\$number(Long|Int|Double|Decimal)$/.test(name)) return Number(inner)
    if (name === '$oid') return String(inner)
  }
  return Object.fromEntries(members.map(([name, inner]) => [name, withValues(inner)]))
}
