import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Log } from '../base/index.ts'
import { type Config, childEnvironment } from '../config/index.ts'
import { chooseWork, createChildWork, createInlineWork, type HeavyWork, type Works } from '../jobs/index.ts'

/** Runs heavy work here, or in a process of its own whose memory is bounded. */
export function openHeavyWork(config: Config, { works, log }: { works: Works; log: Log }): HeavyWork {
  const child = createChildWork({
    command: process.execPath,
    args: childArgs(),
    env: childEnvironment(config),
    memoryBytes: config.jobs.memory,
    log,
  })
  return chooseWork({ inline: createInlineWork(works), child })
}

/** Run from the sources, the process has to learn TypeScript first. */
function childArgs(): readonly string[] {
  if (!import.meta.url.endsWith('.ts')) return [fileURLToPath(new URL('./job-child.js', import.meta.url))]
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return ['--import', tsx, fileURLToPath(new URL('./job-child.ts', import.meta.url))]
}
