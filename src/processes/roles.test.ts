import { expect, it } from 'vitest'
import { isProblem } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import { startRole } from './roles.ts'

async function refused(env: Record<string, string>) {
  const start = { config: loadConfig({ env }), version: '0.0.0', print: () => {} }
  const error = await startRole('live', start).catch((problem: unknown) => problem)
  if (!isProblem(error, 'config_invalid')) throw error
  return error.errors.map(({ path }) => path)
}

it('is refused where what it shares lives in one process, naming every setting', async () => {
  expect(await refused({})).toEqual(['store.kind', 'bus.kind'])
  expect(await refused({ LAPUTA_STORE__KIND: 'mongo' })).toEqual(['bus.kind'])
  expect(await refused({ LAPUTA_BUS__KIND: 'redis' })).toEqual(['store.kind'])
})
