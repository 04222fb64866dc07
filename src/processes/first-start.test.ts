import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentLog } from '../base/index.ts'
import { loadConfig } from '../config/index.ts'
import { compose } from './compose.ts'
import { firstStart } from './first-start.ts'
import { signedInCalls } from './front-door.ts'

it('makes the first administrator, once, and keeps that in the audit log', async () => {
  const home = mkdtempSync(join(tmpdir(), 'laputa-first-start-'))
  const config = loadConfig({ env: { LAPUTA_HOME: home }, cwd: home })
  const { server, users, audit, close } = await compose({ config, log: silentLog, version: '0.0.0' })
  try {
    const printed: string[] = []
    const start = () =>
      firstStart({ server, users, audit, log: silentLog, home, demo: false, print: (text) => printed.push(text) })
    await start()
    const password = /admin +(\S+)/.exec(printed.join('\n'))?.[1] ?? ''
    await signedInCalls(server, { username: 'admin', password })
    const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
    const log = await server.inject({ method: 'GET', url: '/audit', headers: { authorization } })
    expect(log.json()).toMatchObject([
      { action: 'session.start', target: 'admin' },
      { action: 'user.create', target: 'admin', by: null, details: { roles: ['SUPER_ADMIN'] }, request_id: null },
    ])
    expect(log.body).not.toContain(password)
    const before = printed.length
    await start()
    expect(printed).toHaveLength(before)
  } finally {
    await close()
    rmSync(home, { recursive: true, force: true })
  }
})
