import type { Config } from '../config/index.ts'
import { type Composed, compose } from './compose.ts'
import { firstStart } from './first-start.ts'
import { openLog } from './open-log.ts'

export interface StartOptions {
  readonly config: Config
  readonly version: string
  /** Load the demo app on the first start. */
  readonly demo: boolean
  /** Lines for a person who watches the start. */
  readonly print: (text: string) => void
}

/** Runs all roles in this process until a signal ends it: the first one asks for an orderly end, a second one exits at once. */
export async function startAllInOne({ config, version, demo, print }: StartOptions): Promise<void> {
  const log = openLog(config.log.level)
  const composed = await compose({ config, log, version })
  endOnSignal(composed, (signal) => log.info({ signal }, 'ending'))
  try {
    const { server, users, audit } = composed
    // What the first start does to itself is no news.
    log.level = 'warn'
    await firstStart({ server, users, audit, log, home: config.home, demo, print })
    log.level = config.log.level
    const address = await server.listen({ host: config.http.host, port: config.http.port })
    print(`laputa ${version} ready at ${address}/console/`)
  } catch (error) {
    await composed.close()
    throw error
  }
}

function endOnSignal(composed: Composed, announce: (signal: string) => void): void {
  let ending = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending) process.exit(1)
      ending = true
      announce(signal)
      void composed.close().then(() => process.exit(0))
    })
  }
}
