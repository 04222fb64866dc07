import { createSigner, createVerifier } from 'fast-jwt'
import { z } from 'zod'
import type { Clock } from '../base/index.ts'

const issuer = 'laputa'
const audience = 'laputa:session'
/** Ours are around 300 characters; nothing longer is worth a signature check. */
const longest = 4096

export interface SessionClaims {
  readonly username: string
  readonly session: string
  /** Milliseconds since 1970, whole seconds. */
  readonly expiresAt: number
}

/** Session tokens: JWTs signed with HS256 and nothing else. */
export interface Tokens {
  issue(claims: SessionClaims & { readonly issuedAt: number }): string
  /** Null for whatever is not a valid token of ours at this moment. */
  read(token: string): SessionClaims | null
}

const payloadSchema = z.object({ sub: z.string(), sid: z.string(), exp: z.number() })

export function createTokens({ key, clock }: { readonly key: Buffer; readonly clock: Clock }): Tokens {
  const sign = createSigner({ key, algorithm: 'HS256', iss: issuer, aud: audience })
  const verify = createVerifier({
    key,
    algorithms: ['HS256'],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims: ['iss', 'aud', 'sub', 'sid', 'iat', 'exp'],
    cache: 5000,
    // The library asks the system for the time, we ask our clock: below, after the cache.
    ignoreExpiration: true,
  })
  return {
    issue({ username, session, issuedAt, expiresAt }) {
      return sign({ sub: username, sid: session, iat: Math.floor(issuedAt / 1000), exp: Math.floor(expiresAt / 1000) })
    },
    read(token) {
      if (token.length > longest) return null
      const payload = payloadSchema.safeParse(attempt(() => verify(token)))
      if (!payload.success) return null
      const { sub: username, sid: session, exp } = payload.data
      const expiresAt = exp * 1000
      return expiresAt <= clock.now() ? null : { username, session, expiresAt }
    },
  }
}

/** Whatever a verifier throws means the same: not a token of ours. */
function attempt(read: () => unknown): unknown {
  try {
    return read()
  } catch {
    return null
  }
}
