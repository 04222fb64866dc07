import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rowsContract } from '../../../test/contracts/rows.contract.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import { openRows } from '../index.ts'

rowsContract('duckdb', async () => {
  const home = await mkdtemp(join(tmpdir(), 'laputa-rows-'))
  const rows = await openRows(
    { kind: 'duckdb', home, memoryLimitBytes: 512 * 1024 * 1024, threads: 2, maxColumns: 4096 },
    { clock: systemClock, log: silentLog },
  )
  return {
    rows,
    close: async () => {
      await rows.close()
      await rm(home, { recursive: true, force: true })
    },
  }
})
