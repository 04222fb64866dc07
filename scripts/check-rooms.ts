/** Part of `npm run check`: the rooms of src/ point one way only, and only the guard makes a guarded query. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cycleFindings } from './check-rooms/cycles.ts'
import { guardFindings } from './check-rooms/guard-rules.ts'
import { roomFindings } from './check-rooms/room-rules.ts'
import { type Finding, readSources } from './check-rooms/sources.ts'
import { styleFindings } from './check-rooms/style-rules.ts'

export type { Finding }

/** Everything in `<root>/src` that breaks a rule of the house, by file and line. `root` is the folder of the project. */
export function checkRooms(root: string): Finding[] {
  const sources = readSources(root)
  const findings = [
    ...roomFindings(sources),
    ...cycleFindings(sources),
    ...sources.flatMap(styleFindings),
    ...guardFindings(sources),
  ]
  return findings.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = checkRooms(dirname(import.meta.dirname))
  for (const { file, line, rule, message } of findings) console.log(`${file}:${line} ${rule}: ${message}`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
