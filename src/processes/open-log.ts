import { pino } from 'pino'
import type { Log } from '../base/index.ts'

/** JSON lines on stdout, one an event. Whatever field holds a secret by its name is blacked out. */
export function openLog(level: string): Log & { level: string } {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['password', 'token', 'authorization', 'cookie', '*.password', '*.token', '*.authorization', '*.cookie'],
      censor: '[redacted]',
    },
  })
}
