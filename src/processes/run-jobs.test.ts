import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import { closeOnFailure } from './close-on-failure.ts'
import { composeProduct } from './compose.ts'
import { runJobs } from './run-jobs.ts'

it('leaves no worker at work when what comes after them fails', async () => {
  const home = mkdtempSync(join(tmpdir(), 'laputa-jobs-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const config = loadConfig({ env: { LAPUTA_HOME: home } })
  const product = await composeProduct({ config, log: silentLog, version: '0.0.0' })
  const seen: string[] = []
  const watched = {
    ...product,
    jobs: {
      ...product.jobs,
      async work(settings: Parameters<typeof product.jobs.work>[0]) {
        const workers = await product.jobs.work(settings)
        seen.push('at work')
        return {
          ...workers,
          async drain(ms: number) {
            await workers.drain(ms)
            seen.push('drained')
            await product.store.ping()
          },
        }
      },
    },
    async sweep() {
      throw new Error('no sweep')
    },
    async close() {
      await product.close()
      seen.push('closed')
    },
  }
  const running = closeOnFailure(watched, () => runJobs({ product: watched, settings: config.jobs, log: silentLog }))
  await expect(running).rejects.toThrow('no sweep')
  expect(seen).toEqual(['at work', 'drained', 'closed'])
})
