import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import type { RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation } from './installation.ts'
import { endsHeard, type Listener, listen } from './listener.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

describe.skipIf(!canBeSplit)('clients of a live process that is killed', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  let live: RoleProcess
  const listeners: Listener[] = []

  const startLive = async () => {
    live = await installation.start('live')
  }
  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([
      installation.start('web', { args: ['--workers', '1'] }),
      installation.start('worker'),
      startLive(),
    ])
    client = await installation.admin()
    shop = await aShop(client, source)
  })
  afterEach(async () => {
    source.release()
    for (const listener of listeners.splice(0)) await listener.close()
  })
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  it('come again and hear how everything ended meanwhile', async () => {
    for (let n = 0; n < 5; n++) listeners.push(await listen(client, installation.liveUrl))
    source.number = 1
    source.hold()
    const refresh = await shop.begin('preprocess')
    const hears = (id: string, type: string) =>
      expect
        .poll(() => listeners.map(({ heard }) => heard.some((m) => m.operation?.id === id && m.type === type)), {
          timeout: 10_000,
        })
        .toEqual(listeners.map(() => true))
    await hears(refresh, 'operation.started')
    await live.end('SIGKILL')
    source.release()
    expect(await shop.ended(refresh)).toMatchObject({ state: 'done' })
    const release = await shop.begin('release')
    expect(await shop.ended(release)).toMatchObject({ state: 'done' })
    for (const listener of listeners) expect(endsHeard(listener, refresh)).toEqual([])
    await startLive()
    await hears(refresh, 'operation.done')
    await hears(release, 'operation.done')
    for (const { heard, connections } of listeners) {
      expect(connections()).toBeGreaterThanOrEqual(2)
      expect(heard.filter(({ type, stage }) => type === 'release.published' && stage === 'production')).not.toEqual([])
    }
  })
})
