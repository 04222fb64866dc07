import { pino } from 'pino'
import type { Log } from '../base/index.ts'

/** Fields that hold secrets by their names, wherever a line has them: at its top, or one or two levels in. */
const secretFields = ['password', 'token', 'ticket', 'secret', 'authorization', 'cookie', 'url']

/** JSON lines on stdout, one an event, each with the process it comes from. Whatever field holds a secret by its name is blacked out. */
export function openLog(level: string, role: string): Log & { level: string } {
  return pino({
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
  })
}
