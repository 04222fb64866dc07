/** A process with one worker, for tests that kill it or hold it up. It says what it does, line by line. */
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog, systemClock } from '../../../src/base/index.ts'
import { openBus } from '../../../src/bus/index.ts'
import { redisSettings } from './redis-server.ts'

const [url, prefix = '', leaseMs, workMs] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const redis = redisSettings(url, { prefix })
const bus = await openBus({ kind: 'redis', redis }, { clock: systemClock, log: silentLog })
await bus.queue('heavy').work({
  concurrency: 1,
  leaseMs: Number(leaseMs),
  handle: async ({ id }, signal) => {
    signal.addEventListener('abort', () => say(`aborted ${id}`))
    say(`took ${id}`)
    await sleep(Number(workMs))
    say(`ended ${id}`)
    return { kind: 'done' }
  },
})
say('works')
