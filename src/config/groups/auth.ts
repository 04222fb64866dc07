import { z } from 'zod'
import { duration, groupRegistry, integer, secret } from '../setting.ts'

const throttle = z
  .strictObject({
    attempts: integer({
      description:
        'How many sign-ins of one user may fail within `window` before that user has to wait. From one address it is ten times as many.',
      default: 5,
      min: 1,
      max: 1000,
      of: 'attempts',
    }),
    window: duration({
      description: 'The time in which failed sign-ins are counted together.',
      default: '1 min',
      min: '1 s',
      max: '1 day',
    }),
    cool_down: duration({
      description: 'How long to wait after too many failures. Good passwords are refused too in that time.',
      default: '1 min',
      min: '1 s',
      max: '1 day',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Against guessing passwords.' })

const password = z
  .strictObject({
    min_length: integer({
      description:
        'The shortest password that can be chosen; for administrators at least 12. Existing passwords stay valid.',
      default: 9,
      min: 8,
      max: 128,
      of: 'characters',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'Passwords.' })

export const auth = z
  .strictObject({
    token_lifetime: duration({
      description: 'How long a token is valid after signing in.',
      default: '12 h',
      min: '1 min',
      max: '30 days',
    }),
    token_key: secret({
      description:
        'The key that signs tokens, for several instances that accept the same tokens. Without it, a key is made on the first start and kept in `keys/session.key` of `home`. Changing it ends every session.',
      minLength: 32,
    }),
    throttle,
    password,
  })
  .prefault({})
  .register(groupRegistry, { description: 'Signing in.' })
