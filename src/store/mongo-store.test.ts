import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Db, MongoClient, ObjectId } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bytesOf, chunks, type Doc, sha256 } from '../../test/contracts/store/fixture.ts'
import { mongoSettings } from '../../test/contracts/store/mongo-settings.ts'
import { storeContract } from '../../test/contracts/store.contract.ts'
import { silentLog } from '../base/index.ts'
import { type CollectionSpec, openStore, type Store } from './index.ts'

const url = process.env.LAPUTA_TEST_MONGO_URL
const hourMs = 3_600_000

describe.skipIf(!url)('mongo', () => {
  const database = `laputa_store_${randomBytes(6).toString('hex')}`
  const settings = mongoSettings({ url: url ?? '', database })
  const opened: Store[] = []
  let client: MongoClient
  let db: Db
  let now = Date.now()
  beforeAll(async () => {
    client = await new MongoClient(settings.url).connect()
    db = client.db(database)
  })
  afterAll(async () => {
    await db.dropDatabase()
    await client.close()
  })

  async function open(): Promise<Store> {
    const deps = { clock: { now: () => now }, log: silentLog }
    const store = await openStore({ kind: 'mongo', mongo: settings }, deps)
    opened.push(store)
    return store
  }

  async function dispose(): Promise<void> {
    for (const store of opened.splice(0)) await store.close()
    await db.dropDatabase()
  }

  storeContract('mongo', async () => ({
    store: await open(),
    openAgain: open,
    now: () => now,
    passTime: (ms) => {
      now += ms
    },
    dispose,
  }))

  describe('mongo store', () => {
    let store: Store
    beforeEach(async () => {
      store = await open()
    })
    afterEach(dispose)

    const things = (at: Store, spec: Partial<CollectionSpec> = {}) => at.collection<Doc>({ name: 'things', ...spec })
    const kept = () => db.collection('c_things')
    const indexNames = async () => (await kept().listIndexes().toArray()).map(({ name }) => name).sort()

    it('keeps the text of a document, its version, and the keys that it is found by', async () => {
      await things(store).insert({ id: 'a', n: 0.5, text: 'x', no: null, in: { list: [1, null], yes: true } })
      expect(await kept().findOne()).toEqual({
        _id: 'a',
        v: 1,
        t: '{"id":"a","n":0.5,"text":"x","no":null,"in":{"list":[1,null],"yes":true}}',
        k: {
          '/n': 0.5,
          '/text': 'sx',
          '/in': 't{"list":[1,null],"yes":true}',
          '/in/list': 't[1,null]',
          '/in/yes': 'ttrue',
        },
        m: { '/in/list': [1, 'tnull'] },
        n: ['/no'],
      })
    })

    it('tells long texts apart, finds them, and keeps their keys short', async () => {
      const long = 'x'.repeat(100_000)
      const texts = [long, `${long}y`, `y${long}`, `${'x'.repeat(499)}🗝${long}`]
      const collection = things(store, { unique: ['text'] })
      for (const [at, text] of texts.entries())
        await collection.insert({ id: `${at}`, text, list: [text], in: { text } })
      for (const [at, text] of texts.entries()) {
        for (const filter of [
          { field: 'text', eq: text },
          { field: 'list', contains: text },
          { field: 'in', eq: { text } },
        ]) {
          expect((await collection.find(filter)).map(({ doc }) => doc.id)).toEqual([`${at}`])
        }
        await expect(collection.insert({ id: 'z', text })).rejects.toMatchObject({ code: 'conflict' })
      }
      const [largest] = await kept()
        .find({}, { projection: { k: 1, m: 1 } })
        .toArray()
      expect(JSON.stringify(largest).length).toBeLessThan(5000)
    })

    it('answers a document that is larger than MongoDB takes with what is wrong', async () => {
      const text = 'x'.repeat(17 * 1024 * 1024)
      await expect(things(store).insert({ id: 'a', text })).rejects.toMatchObject({ code: 'too_large' })
      await things(store).insert({ id: 'a' })
      await expect(things(store).replace({ id: 'a', text }, 1)).rejects.toMatchObject({ code: 'too_large' })
      expect(await things(store).get('a')).toEqual({ doc: { id: 'a' }, version: 1 })
    })

    it('makes the indexes of a spec, for documents that are there too, and drops what it no longer names', async () => {
      await things(store).insert({ id: 'a', email: 'x' })
      expect(await indexNames()).toEqual(['_id_'])
      const spec = { unique: ['email'], indexes: ['in.n'], expires: 'until' }
      await expect(things(await open(), spec).insert({ id: 'b', email: 'x' })).rejects.toMatchObject({
        code: 'conflict',
      })
      expect(await indexNames()).toEqual([
        '_id_',
        'expiry',
        'search_/email',
        'search_/in/n',
        'search_/until',
        'unique_/email',
      ])
      await things(await open(), { indexes: ['in.n'] }).insert({ id: 'b', email: 'x' })
      expect(await indexNames()).toEqual(['_id_', 'search_/in/n'])
    })

    it('refuses to make unique what is not, says so each time, and goes on when that is mended', async () => {
      await things(store).insert({ id: 'a', email: 'x' })
      await things(store).insert({ id: 'b', email: 'x' })
      const unique = things(await open(), { unique: ['email'] })
      for (let time = 0; time < 2; time++) {
        await expect(unique.count()).rejects.toMatchObject({
          code: 'storage_failed',
          message: expect.stringMatching(/"things".*unique/),
        })
      }
      await things(store).remove('b')
      expect(await unique.count()).toBe(1)
    })

    it('lets MongoDB drop expired documents by a date of their own', async () => {
      const tokens = things(store, { expires: 'until' })
      await tokens.insert({ id: 'a', until: now + hourMs })
      await tokens.insert({ id: 'b', until: 'soon' })
      expect((await kept().findOne({ _id: 'a' as never }))?.x).toEqual(new Date(now + hourMs))
      expect(await kept().findOne({ _id: 'b' as never })).not.toHaveProperty('x')
      const indexes = await kept().listIndexes().toArray()
      expect(indexes.find(({ name }) => name === 'expiry')).toMatchObject({ key: { x: 1 }, expireAfterSeconds: 0 })
    })

    it('can be opened by many at once on an empty database', async () => {
      await db.dropDatabase()
      const stores = await Promise.all(Array.from({ length: 6 }, open))
      await Promise.all(stores.map((each, at) => things(each, { unique: ['n'] }).insert({ id: `d${at}`, n: at })))
      expect(await things(store, { unique: ['n'] }).count()).toBe(6)
      expect(await db.collection('meta').countDocuments()).toBe(1)
    })

    it('refuses the database of a newer program and leaves it as it is', async () => {
      await db.collection('meta').updateOne({ _id: 'format' as never }, { $set: { value: 7 } })
      await expect(open()).rejects.toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/format 7.*newer program.*`mongo.database`/),
      })
      expect(await db.collection('meta').findOne()).toEqual({ _id: 'format', value: 7 })
    })

    it('gives every range of a blob of several chunks', async () => {
      const content = randomBytes(600_000)
      const { hash } = await store.blobs.put(chunks(content, 100_000))
      const edge = fc.oneof(fc.nat(610_000), fc.constantFrom(0, 261_119, 261_120, 261_121, 522_240, 599_999, 600_000))
      await fc.assert(
        fc.asyncProperty(edge, edge, async (a, b) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)]
          const bytes = await bytesOf((await store.blobs.get(hash, { start, end }))!)
          expect(bytes.equals(content.subarray(start, end))).toBe(true)
        }),
        { numRuns: 40 },
      )
    })

    it('says that the server is gone, and goes on when it is back', async () => {
      const [backing] = client.options.hosts
      const { host = '', port: backingPort = 27_017 } = backing!
      const sockets = new Set<Socket>()
      const proxy = createServer((socket) => {
        const behind = connect(backingPort, host)
        for (const each of [socket, behind]) sockets.add(each.on('error', () => {}))
        socket.pipe(behind).pipe(socket)
      })
      const listen = (port: number) => new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve))
      await listen(0)
      const { port } = proxy.address() as AddressInfo
      const mongo = { ...settings, url: settings.url.replace(`${backing}`, `127.0.0.1:${port}`), server_timeout: 500 }
      const through = await openStore({ kind: 'mongo', mongo }, { clock: { now: () => now }, log: silentLog })
      const collection = things(through)
      await collection.insert({ id: 'a' })

      const closed = once(proxy, 'close')
      proxy.close()
      for (const socket of sockets) socket.destroy()
      await closed
      const gone = { code: 'storage_failed', message: expect.stringContaining(`at 127.0.0.1:${port}`) }
      await expect(collection.get('a')).rejects.toMatchObject(gone)
      await expect(through.ping()).rejects.toMatchObject(gone)
      await expect(through.blobs.get(sha256('x'))).rejects.toMatchObject(gone)
      await expect(through.blobs.put(chunks(Buffer.from('x'), 1))).rejects.toMatchObject(gone)

      await listen(port)
      await expect.poll(() => collection.get('a').catch(() => null), { timeout: 10_000 }).not.toBeNull()
      await through.close()
      for (const socket of sockets) socket.destroy()
      proxy.close()
    }, 30_000)

    /** Swaps a pointer to ever new documents, and puts blobs, until it is killed. A line for each swap that was answered. */
    const program = `
      import { randomBytes } from 'node:crypto'
      import { writeSync } from 'node:fs'
      import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
      const log = { info() {}, error() {}, warn() {}, debug() {}, child: () => log }
      const store = await openStore({ kind: 'mongo', mongo: JSON.parse(process.argv[1]) }, { clock: Date, log })
      const releases = store.collection({ name: 'releases', unique: ['n'] })
      const apps = store.collection({ name: 'apps' })
      let { doc, version } = await apps.insert({ id: 'app', n: 0 })
      async function* slowly() {
        for (let part = 0; part < 10; part++) { yield randomBytes(90000); await new Promise(setImmediate) }
      }
      async function putBlobs() { for (;;) await store.blobs.put(slowly()) }
      putBlobs(); putBlobs()
      for (let n = 1; ; n++) {
        await releases.insert({ id: 'r' + n, n, content: randomBytes(10000).toString('hex') })
        version = (await apps.replace({ id: 'app', n }, version)).version
        writeSync(1, n + '\\n')
      }`

    it('finds the last answered state of a process that was killed, and whole blobs', async () => {
      const args = ['--import', 'tsx', '--input-type=module', '-e', program, JSON.stringify(settings)]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      let out = ''
      child.stdout.on('data', (data) => {
        out += data
      })
      const named = () => db.collection('blobs.files').find({ filename: /^[0-9a-f]{64}$/ })
      await expect.poll(async () => (await named().toArray()).length, { timeout: 20_000 }).toBeGreaterThan(4)
      await expect.poll(() => out.split('\n').length, { timeout: 20_000 }).toBeGreaterThan(20)
      child.kill('SIGKILL')
      await once(child, 'close')
      const answered = Number(out.trim().split('\n').at(-1))
      const pointer = (await store.collection<Doc>({ name: 'apps' }).get('app'))?.doc.n as number
      expect([answered, answered + 1]).toContain(pointer)
      expect(await store.collection<Doc>({ name: 'releases', unique: ['n'] }).count()).toBeGreaterThanOrEqual(pointer)
      for (const { filename } of await named().toArray()) {
        expect(sha256(await bytesOf((await store.blobs.get(filename))!))).toBe(filename)
      }
      now = Date.now() + 25 * hourMs
      await store.blobs.sweep(new Set(), 0)
      now += 2 * hourMs
      await store.blobs.sweep(new Set(), 0)
      expect(await db.collection('blobs.files').countDocuments()).toBe(0)
      expect(await db.collection('blobs.chunks').countDocuments()).toBe(0)
    }, 60_000)

    describe('blobs', () => {
      const chunkCount = () => db.collection('blobs.chunks').countDocuments()
      const fileCount = () => db.collection('blobs.files').countDocuments()

      it('that were swept stay readable for an hour, and then leave nothing', async () => {
        const content = randomBytes(1_000_000)
        const { hash } = await store.blobs.put(chunks(content, 100_000))
        const stream = await store.blobs.get(hash)
        now += 1000
        expect(await store.blobs.sweep(new Set(), 0)).toBe(1)
        expect(await store.blobs.get(hash)).toBeNull()
        now += hourMs - 1
        await store.blobs.sweep(new Set(), 0)
        expect((await bytesOf(stream!)).equals(content)).toBe(true)
        now += 2
        expect(await store.blobs.sweep(new Set(), 0)).toBe(0)
        expect([await fileCount(), await chunkCount()]).toEqual([0, 0])
      })

      it('that lose their parts while they are read end in an error, not early', async () => {
        const { hash } = await store.blobs.put(chunks(randomBytes(1_000_000), 100_000))
        const stream = await store.blobs.get(hash)
        await db.collection('blobs.chunks').deleteMany({ n: { $gte: 2 } })
        await expect(bytesOf(stream!)).rejects.toMatchObject({ code: 'storage_failed' })
      })

      it('leave nothing of a stream that broke, nor of a second copy', async () => {
        async function* broken() {
          yield randomBytes(700_000)
          throw new Error('planted')
        }
        await expect(store.blobs.put(broken())).rejects.toThrow('planted')
        await store.blobs.put(chunks(Buffer.from('abc'), 1))
        await store.blobs.put(chunks(Buffer.from('abc'), 2))
        await expect.poll(async () => [await fileCount(), await chunkCount()]).toEqual([1, 1])
      })

      it('that took longer than half a day are refused, since others may take their process for dead', async () => {
        async function* slow() {
          yield randomBytes(700_000)
          now += 13 * hourMs
        }
        await expect(store.blobs.put(slow())).rejects.toMatchObject({
          code: 'storage_failed',
          message: expect.stringMatching(/twelve hours/),
        })
        await expect.poll(async () => [await fileCount(), await chunkCount()]).toEqual([0, 0])
      })

      it('of a process that died while uploading are swept a day later, whatever it had written', async () => {
        await store.blobs.put(chunks(Buffer.from('kept'), 9))
        const begun = ObjectId.createFromTime(Math.floor(now / 1000))
        const ended = ObjectId.createFromTime(Math.floor(now / 1000) + 1)
        const data = Buffer.from('half')
        await db.collection('blobs.chunks').insertMany([
          { files_id: begun, n: 0, data },
          { files_id: ended, n: 0, data },
        ])
        await db.collection('blobs.files').insertOne({
          _id: ended,
          length: 4,
          chunkSize: 261_120,
          uploadDate: new Date(now),
          filename: `uploading-${ended.toHexString()}`,
        })
        const keep = new Set([sha256('kept')])
        now += 23 * hourMs
        expect(await store.blobs.sweep(keep, 0)).toBe(0)
        expect([await fileCount(), await chunkCount()]).toEqual([2, 3])
        now += 2 * hourMs
        expect(await store.blobs.sweep(keep, 0)).toBe(0)
        expect([await fileCount(), await chunkCount()]).toEqual([1, 1])
      })
    })
  })
})
