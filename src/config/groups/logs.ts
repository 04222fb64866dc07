import { z } from 'zod'
import { choice, duration, groupRegistry } from '../setting.ts'

export const audit = z
  .strictObject({
    retention: duration({
      description:
        'How long entries of the audit log are kept. Older ones are removed at each start, and now and then while the server runs.',
      default: '730 days',
      min: '1 day',
      max: '36500 days',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The audit log.' })

export const log = z
  .strictObject({
    level: choice(['debug', 'info', 'warn', 'error', 'silent'], {
      description: 'The least severe messages that are written. The log is JSON, one object a line.',
      default: 'info',
    }),
  })
  .prefault({})
  .register(groupRegistry, { description: 'The log.' })
