import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mongoSettings } from '../../test/contracts/store/mongo-settings.ts'
import { type Clock, silentLog } from '../base/index.ts'
import { type Migration, migrate, openStore, type Store, type StoreSettings } from './index.ts'

const url = process.env.LAPUTA_TEST_MONGO_URL

interface Doc {
  readonly id: string
  readonly [member: string]: unknown
}

interface Place {
  readonly settings: StoreSettings
  remove(): Promise<void>
}

async function sqlite(): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'laputa-migrate-'))
  return { settings: { kind: 'sqlite', home }, remove: () => rm(home, { recursive: true }) }
}

async function mongo(): Promise<Place> {
  const database = `laputa_migrate_${randomBytes(6).toString('hex')}`
  const settings = mongoSettings({ url: url ?? '', database })
  return {
    settings: { kind: 'mongo', mongo: settings },
    async remove() {
      const client = await new MongoClient(settings.url).connect()
      await client.db(database).dropDatabase()
      await client.close()
    },
  }
}

describe.each([
  { name: 'sqlite', place: sqlite, isThere: true },
  { name: 'mongo', place: mongo, isThere: url !== undefined },
])('migrations on $name', ({ place, isThere }) => {
  describe.skipIf(!isThere)('a store', () => {
    let now = 1_000_000
    const clock: Clock = { now: () => now }
    const deps = { clock, log: silentLog }
    let at: Place
    let store: Store
    beforeEach(async () => {
      at = await place()
      store = await openStore(at.settings, deps)
    })
    afterEach(async () => {
      await store.close()
      await at.remove()
    })

    const records = () => store.documents<Doc>('migrations').find()
    const docs = () => store.documents<Doc>('things')
    const step = (name: string, run: Migration['run']): Migration => ({ name, run })

    it('has each step run once, in order, with a record of it', async () => {
      const ran: string[] = []
      const migrations = ['0001-a', '0002-b'].map((name) =>
        step(name, async () => {
          ran.push(name)
          now += 7
        }),
      )
      expect(await migrate(store, { ...deps, migrations })).toEqual({
        before: [],
        ran: [
          { name: '0001-a', ms: 7 },
          { name: '0002-b', ms: 7 },
        ],
        pending: [],
      })
      expect((await records()).map(({ doc }) => doc)).toEqual([
        { id: '0001-a', at: now - 7, ms: 7 },
        { id: '0002-b', at: now, ms: 7 },
      ])
      expect(await migrate(store, { ...deps, migrations })).toEqual({
        before: ['0001-a', '0002-b'],
        ran: [],
        pending: [],
      })
      expect(ran).toEqual(['0001-a', '0002-b'])
      expect(await store.documents('migration_lock').count()).toBe(0)
    })

    it('is not changed by a dry run', async () => {
      const migrations = [step('0001-a', () => expect.fail('it ran'))]
      expect(await migrate(store, { ...deps, migrations, dryRun: true })).toEqual({
        before: [],
        ran: [],
        pending: ['0001-a'],
      })
      expect(await records()).toEqual([])
    })

    it('of a newer program is refused, by a dry run too, and nothing is run', async () => {
      await migrate(store, { ...deps, migrations: [step('0009-newer', async () => {})] })
      const migrations = [step('0001-a', () => expect.fail('it ran'))]
      for (const dryRun of [false, true]) {
        await expect(migrate(store, { ...deps, migrations, dryRun })).rejects.toMatchObject({
          code: 'storage_failed',
          message: expect.stringMatching(/"0009-newer".*newer program/),
        })
      }
    })

    it('is migrated by one of many, and the others wait until it is done', async () => {
      let running = 0
      let runs = 0
      const migrations = [
        step('0001-slow', async () => {
          expect(++running).toBe(1)
          runs++
          await sleep(50)
          await docs().insert({ id: 'made' })
          running--
        }),
      ]
      const reports = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const report = await migrate(store, { ...deps, migrations })
          expect(await docs().count()).toBe(1)
          return report
        }),
      )
      expect(runs).toBe(1)
      expect(reports.filter(({ ran }) => ran.length === 1)).toHaveLength(1)
    })

    it('keeps no record of a step that failed, gives the lock back, and runs it again', async () => {
      let fails = true
      const migrations = [
        step('0001-a', async () => {}),
        step('0002-b', async () => {
          if (fails) throw new Error('planted')
        }),
      ]
      await expect(migrate(store, { ...deps, migrations })).rejects.toThrow('planted')
      expect((await records()).map(({ doc }) => doc.id)).toEqual(['0001-a'])
      fails = false
      expect((await migrate(store, { ...deps, migrations })).ran).toMatchObject([{ name: '0002-b' }])
    })

    it('is taken over from a process that died, once its lease has ended', async () => {
      await store.documents<Doc>('migration_lock').insert({ id: 'lock', owner: 'dead', until: now + 30_000 })
      const migrating = migrate(store, { ...deps, migrations: [step('0001-a', async () => {})] })
      await sleep(100)
      expect(await records()).toEqual([])
      now += 30_000
      expect((await migrating).ran).toMatchObject([{ name: '0001-a' }])
    })

    describe('while it is being migrated', () => {
      const lock = () => store.documents<Doc>('migration_lock').get('lock')
      const renewal = () => {
        now += 10_000
        vi.advanceTimersByTime(10_000)
      }
      beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
      afterEach(() => vi.useRealTimers())

      it('has a lease that is renewed for as long as a step takes', async () => {
        const long = step('0001-long', async () => {
          for (let times = 0; times < 4; times++) {
            const until = Number((await lock())?.doc.until)
            renewal()
            await expect.poll(async () => (await lock())?.doc.until).toBe(until + 10_000)
          }
        })
        expect((await migrate(store, { ...deps, migrations: [long] })).ran).toEqual([{ name: '0001-long', ms: 40_000 }])
        expect(await lock()).toBeNull()
      })

      it('is left to whoever took its lock, whether or not a step looks', async () => {
        const lose = async (signal: AbortSignal) => {
          const { version = 0 } = (await lock()) ?? {}
          const other = { id: 'lock', owner: 'other', until: now + 30_000 }
          await store.documents<Doc>('migration_lock').replace(other, version)
          renewal()
          await expect.poll(() => signal.aborted).toBe(true)
        }
        const looks = step('0001-looks', async (_, signal) => {
          await lose(signal)
          signal.throwIfAborted()
        })
        const lost = { code: 'storage_failed', message: expect.stringContaining('lock') }
        await expect(migrate(store, { ...deps, migrations: [looks] })).rejects.toMatchObject(lost)
        expect(await records()).toEqual([])
        expect((await lock())?.doc.owner).toBe('other')

        now += 30_000
        const goesOn = step('0001-goes-on', (_, signal) => lose(signal))
        const next = step('0002-next', () => expect.fail('it ran'))
        await expect(migrate(store, { ...deps, migrations: [goesOn, next] })).rejects.toMatchObject(lost)
        expect((await records()).map(({ doc }) => doc.id)).toEqual(['0001-goes-on'])
        expect((await lock())?.doc.owner).toBe('other')
      })
    })

    it('learns what kind of source the domains of its releases have', async () => {
      const releases = store.documents<Doc>('releases')
      const upload = { name: 'a.csv', blob: 'f00', size: 3 }
      const odd = JSON.parse('{ "__proto__": { "kind": "stored", "version": "v1", "source": { "name": "x" } } }')
      const before: Doc[] = [
        {
          id: 'old',
          app: 'shop',
          domains: {
            sales: { kind: 'stored', version: 'v1', source: upload },
            made: { kind: 'stored', version: 'v2', source: null },
            seen: { kind: 'live', connection: 'c', query: { source: upload } },
          },
        },
        { id: 'new', domains: { sales: { kind: 'stored', version: 'v1', source: { kind: 'connection' } } } },
        { id: 'odd', domains: odd },
        { id: 'poor' },
        ...Array.from({ length: 210 }, (_, n) => ({
          id: `r${n}`,
          domains: { d: { kind: 'stored', version: 'v', source: upload } },
        })),
      ]
      for (const doc of before) await releases.insert(doc)
      const { ran } = await migrate(store, deps)
      expect(ran.map(({ name }) => name)).toContain('0001-release-source-kinds')
      expect(await releases.get('old')).toEqual({
        version: 2,
        doc: {
          id: 'old',
          app: 'shop',
          domains: {
            sales: { kind: 'stored', version: 'v1', source: { kind: 'upload', ...upload } },
            made: { kind: 'stored', version: 'v2', source: null },
            seen: { kind: 'live', connection: 'c', query: { source: upload } },
          },
        },
      })
      for (const id of ['new', 'poor']) expect((await releases.get(id))?.version).toBe(1)
      expect(JSON.stringify((await releases.get('odd'))?.doc)).toContain('"__proto__":{"kind":"stored","version":"v1"')
      expect(JSON.stringify((await releases.get('odd'))?.doc)).toContain('"source":{"kind":"upload","name":"x"}')
      for (const { doc } of await releases.find({ field: 'domains.d.kind', eq: 'stored' })) {
        expect(doc).toMatchObject({ domains: { d: { source: { kind: 'upload', ...upload } } } })
      }
      expect(await releases.count()).toBe(before.length)
    })
  })
})
