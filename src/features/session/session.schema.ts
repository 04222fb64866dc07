import { z } from 'zod'
import { privileges, roles } from '../../access/index.ts'

/** No more is checked than what bounds the work: what no user can have fails like any wrong password. */
export const login = z.strictObject({ username: z.string().min(1).max(254), password: z.string().min(1).max(1024) })

/** Who is signed in, and what they may do. */
export const me = z.strictObject({
  username: z.string(),
  roles: z.array(z.enum(roles)),
  privileges: z.record(z.string(), z.array(z.enum(privileges))),
  groups: z.array(z.string()),
  attributes: z.record(z.string(), z.json()),
})

export const signedIn = z.strictObject({ token: z.string(), expires_at: z.string(), user: me })
