import { z } from 'zod'

/** A name that people type and read: blanks around it are dropped, what cannot be seen is refused. `what` is for the message. */
export function visibleName(what: string) {
  return z
    .string()
    .trim()
    .min(1)
    .max(254)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u, `A ${what} has no control or invisible characters.`)
}
