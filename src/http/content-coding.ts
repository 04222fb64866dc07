/** The ways in which a body can be compressed, the one that we prefer first. */
export const codings = ['br', 'gzip'] as const
export type Coding = (typeof codings)[number]

/**
 * The coding that an `Accept-Encoding` header likes best; null for the body as it is, which is also what a header gets that admits
 * nothing we have (RFC 9110, 12.5.3 leaves that to the server).
 */
export function chooseCoding(acceptEncoding: string | undefined): Coding | null {
  if (acceptEncoding === undefined || acceptEncoding === '') return null
  const weights = readWeights(acceptEncoding)
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0
  let best: Coding | null = null
  // Whoever says nothing of the plain body prefers any coding that is named.
  let bestWeight = weights.get('identity') ?? 0
  for (const coding of codings) {
    const weight = weightOf(coding)
    if (weight > 0 && (weight > bestWeight || (best === null && weight >= bestWeight))) {
      best = coding
      bestWeight = weight
    }
  }
  return best
}

function readWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim())
    const quality = parameters.find((text) => text.startsWith('q='))
    const weight = quality === undefined ? 1 : Number(quality.slice(2))
    // An old name of the same coding (RFC 9110, 8.4.1.3).
    const coding = name === 'x-gzip' ? 'gzip' : name
    if (coding !== '') weights.set(coding, weight >= 0 && weight <= 1 ? weight : 0)
  }
  return weights
}

/** A tag of its own for each coding: other bytes must not have the same strong tag (RFC 9110, 8.8.3.3). */
export function tagOfCoding(etag: string, coding: Coding): string {
  return etag.replace(/"$/, `-${coding}"`)
}
