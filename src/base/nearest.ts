/** The names that come closest to `wanted` by edit distance (case counts half), best first, at most `most` of them. */
export function nearestNames(wanted: string, names: readonly string[], most = 3): string[] {
  const bound = Math.max(2, Math.ceil(wanted.length / 2))
  return names
    .slice(0, 1000)
    .map((name) => ({ name, distance: distance(wanted, name) }))
    .filter((entry) => entry.distance <= bound || entry.name.toLowerCase().includes(wanted.toLowerCase()))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map((entry) => entry.name)
}

function distance(from: string, to: string): number {
  const a = from.slice(0, 100)
  const b = to.slice(0, 100)
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = cost(a.charAt(i - 1), b.charAt(j - 1))
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[b.length] ?? 0
}

function cost(a: string, b: string): number {
  if (a === b) return 0
  return a.toLowerCase() === b.toLowerCase() ? 0.5 : 1
}
