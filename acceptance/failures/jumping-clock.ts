import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The clock of one machine, as a test sets it. */
export interface JumpingClock {
  /** For the processes of this machine, and all that they start. */
  readonly env: Readonly<Record<string, string>>
  /** Resolves when it is wrong by so many milliseconds for all processes. */
  set(wrongBy: number): Promise<void>
}

/** Right at first. `folder`: for what processes look at. */
export function aJumpingClock(folder: string): JumpingClock {
  const file = join(folder, 'clock')
  const preload = join(import.meta.dirname, 'jumping-clock.cjs')
  writeFileSync(file, '0')
  return {
    env: { NODE_OPTIONS: `--require=${JSON.stringify(preload)}`, JUMPING_CLOCK: file },
    async set(wrongBy) {
      // Renamed, so that nobody reads half of it.
      writeFileSync(`${file}.new`, String(wrongBy))
      renameSync(`${file}.new`, file)
      // What was read last counts for 20 ms.
      await sleep(50)
    },
  }
}
