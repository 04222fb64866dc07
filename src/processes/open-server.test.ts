import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { silentLog } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import { compose } from './compose.ts'

it('closes the store under no request that still runs', async () => {
  const home = mkdtempSync(join(tmpdir(), 'laputa-server-'))
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const config = loadConfig({ env: { LAPUTA_HOME: home } })
  const { server, close } = await compose({ config, log: silentLog, version: '0.0.0' })
  const body = JSON.stringify({ username: 'nobody', password: 'Wrong-2026-password' })
  const login = request(`${await server.listen({ host: '127.0.0.1', port: 0 })}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
  })
  const answered = new Promise((resolve, reject) => {
    login.on('response', ({ statusCode }) => resolve(statusCode)).on('error', reject)
  })
  login.write(body.slice(0, 10))
  await sleep(200)
  const began = performance.now()
  const closed = close()
  await sleep(6000)
  login.end(body.slice(10))
  expect(await answered).toBe(401)
  await closed
  // Its client keeps the connection alive, which nobody waits for.
  expect(performance.now() - began).toBeLessThan(8000)
}, 30_000)
