import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JsonObject, Problem, silentLog } from '../../base/index.ts'
import { type Collection, openStore, type Store } from '../../store/index.ts'
import { type AuditEntry, type AuditStore, createAuditStore } from './audit.store.ts'
import { createAudit } from './audit.ts'
import { chain } from './audit-chain.ts'
import { createAuditLog } from './audit-log.ts'
import { verifyAudit } from './verify-audit.ts'

const day = 86_400_000
let home: string
let store: Store
let entries: AuditStore
let now: number
const clock = { now: () => now }

beforeEach(async () => {
  now = Date.parse('2026-03-01T12:00:00.000Z')
  home = mkdtempSync(join(tmpdir(), 'laputa-audit-'))
  store = await openStore({ kind: 'sqlite', home }, { clock, log: silentLog })
  entries = createAuditStore(store)
})
afterEach(async () => {
  await store.close()
  rmSync(home, { recursive: true, force: true })
})

const aLog = (over: Partial<AuditStore> = {}) =>
  createAuditLog({ entries: { ...entries, ...over }, clock, retention: 30 * day })
const draft = (target: string, details: JsonObject = {}) => ({
  ...{ by: 'root', action: 'user.create', target, app: null, details, requestId: 'r', address: null },
})
const write = async (count: number, log = aLog()) => {
  for (let i = 0; i < count; i++) await log.append(draft(`t${i}`))
}

/** The documents themselves, as somebody has them who got at the store. */
type Doc = AuditEntry & { readonly id: string }
const docs = (): Collection<Doc> => store.collection({ name: 'audit', indexes: ['at', 'by', 'action', 'app'] })
const marks = (): Collection<{ id: string; seq: number; hash: string }> => store.collection({ name: 'audit_marks' })
const idOf = (seq: number) => String(seq).padStart(12, '0')
const read = async (seq: number) => (await docs().get(idOf(seq)))!
async function alter(seq: number, change: Partial<Doc>): Promise<void> {
  const { doc, version } = await read(seq)
  await docs().replace({ ...doc, ...change }, version)
}
const brokenAt = async (noted?: { seq: number; hash: string }) =>
  (await verifyAudit(entries, noted)).broken?.seq ?? null

describe('the chain', () => {
  it('is in order when nobody touched it', async () => {
    expect(await verifyAudit(entries)).toEqual({ entries: 0, first: null, last: null, unanchored: 0, broken: null })
    await write(5)
    const { doc } = await read(5)
    expect(await verifyAudit(entries)).toEqual({
      entries: 5,
      first: { seq: 1, hash: (await read(1)).doc.hash },
      last: { seq: 5, hash: doc.hash },
      unanchored: 0,
      broken: null,
    })
    expect(doc.prev).toBe((await read(4)).doc.hash)
    expect((await read(1)).doc.prev).toBe('0'.repeat(64))
  })

  it('holds over several pages', async () => {
    for (let i = 0; i < 1100; i++) {
      const last = await entries.last()
      await entries.insert(
        chain({ ...draft(`${i}`), at: new Date(now).toISOString() }, last ?? { seq: 0, hash: '0'.repeat(64) }),
      )
    }
    const last = await entries.last()
    await entries.advance('head', last!)
    expect(await verifyAudit(entries)).toMatchObject({ entries: 1100, broken: null })
    await alter(1050, { by: 'x' })
    expect(await brokenAt()).toBe(1050)
  })

  it('keeps any details as they are hashed', async () => {
    const log = aLog()
    const audit = createAudit({ auditLog: log })
    const ctx = { requestId: 'r', log: silentLog }
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), async (details, target) => {
        await audit.note(ctx, { action: 'user.change', target, details: details as JsonObject })
      }),
      { numRuns: 60 },
    )
    expect(await verifyAudit(entries)).toMatchObject({ entries: 60, broken: null })
  })

  it('has one line when many write at once, from several processes', async () => {
    const logs = [aLog(), aLog(), aLog()]
    const all = await Promise.all(Array.from({ length: 60 }, (_, i) => logs[i % 3]!.append(draft(`t${i}`))))
    expect(all.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(await verifyAudit(entries)).toMatchObject({ entries: 60, unanchored: 0, broken: null })
  })

  it('goes on after a writer that was killed before it moved the mark', async () => {
    await write(2)
    const dying = aLog({ advance: () => Promise.reject(new Problem('storage_failed', 'killed')) })
    await expect(dying.append(draft('late'))).rejects.toThrow('killed')
    expect(await verifyAudit(entries)).toMatchObject({ entries: 3, unanchored: 1, broken: null })
    await write(1)
    expect(await verifyAudit(entries)).toMatchObject({ entries: 4, unanchored: 0, broken: null })
  })

  it('gives up, and does not fork, when the next number is always taken', async () => {
    const late = aLog({ insert: () => Promise.reject(new Problem('conflict', 'taken')) })
    await expect(late.append(draft('x'))).rejects.toMatchObject({ code: 'overloaded' })
  })
})

describe('verify finds', () => {
  beforeEach(() => write(6))

  it.each<[string, Partial<Doc>]>([
    ['who', { by: 'somebody else' }],
    ['when', { at: '2020-01-01T00:00:00.000Z' }],
    ['what', { action: 'user.change' }],
    ['to what', { target: 'x' }],
    ['where', { app: 'x' }],
    ['details', { details: { a: 1 } }],
    ['the request', { requestId: null }],
    ['the address', { address: '10.0.0.1' }],
    ['the chain', { prev: 'f'.repeat(64) }],
    ['the hash', { hash: 'f'.repeat(64) }],
    ['the number', { seq: 4 }],
    ['a field that there never was', { note: 'x' } as never],
  ])('an altered entry: %s', async (_, change) => {
    await alter(3, change)
    expect(await brokenAt()).toBe(3)
  })

  it('an entry that was altered together with its hash: the next one does not follow', async () => {
    const { doc } = await read(3)
    const { id: _i, seq: _s, prev: _p, hash: _h, ...content } = doc
    await alter(3, chain({ ...content, by: 'forged' }, (await read(2)).doc))
    expect(await brokenAt()).toBe(4)
  })

  it.each([1, 3, 6])('the removed entry %d', async (seq) => {
    await docs().remove(idOf(seq))
    expect(await brokenAt()).toBe(seq)
  })

  it('an end that was cut off, also when others wrote since', async () => {
    for (const seq of [5, 6]) await docs().remove(idOf(seq))
    expect(await brokenAt()).toBe(5)
    await write(2)
    expect(await brokenAt()).toBe(5)
  })

  it('that everything was removed', async () => {
    for (const seq of [1, 2, 3, 4, 5, 6]) await docs().remove(idOf(seq))
    expect(await brokenAt()).toBe(1)
  })

  it('that the mark of the head is gone, or names another entry', async () => {
    const head = (await marks().get('head'))!
    await marks().remove('head')
    expect(await brokenAt()).toBe(7)
    await marks().insert({ ...head.doc, hash: 'f'.repeat(64) })
    expect(await brokenAt()).toBe(6)
  })

  it('two entries that changed places', async () => {
    const [third, fourth] = [(await read(3)).doc, (await read(4)).doc]
    await alter(3, { ...fourth, id: third.id })
    await alter(4, { ...third, id: fourth.id })
    expect(await brokenAt()).toBe(3)
  })

  it.each(['000000000003x', '000000000003-', 'zzz', '000000000007'])('an entry that was put in: %s', async (id) => {
    await docs().insert({ ...(await read(3)).doc, id })
    expect(await brokenAt()).toBe({ '000000000003x': 4, '000000000003-': 4, zzz: 7, '000000000007': 7 }[id])
  })

  it('shows nothing that it does not look at', async () => {
    for (const id of ['!', '0', '000000000000']) await docs().insert({ ...(await read(3)).doc, id, by: 'forged' })
    expect(await brokenAt()).toBeNull()
    const shown = await entries.search({ field: 'by', eq: 'forged' }, { limit: 10 })
    expect(shown).toEqual([])
  })

  it('a log that was written anew as a whole, by a mark that was noted elsewhere', async () => {
    const noted = { seq: 4, hash: (await read(4)).doc.hash }
    expect(await brokenAt(noted)).toBeNull()
    expect(await brokenAt({ seq: 7, hash: noted.hash })).toBe(7)
    for (const seq of [1, 2, 3, 4, 5, 6]) await docs().remove(idOf(seq))
    await marks().remove('head')
    const forger = aLog()
    for (let i = 0; i < 6; i++) await forger.append(draft(`forged${i}`))
    expect(await brokenAt()).toBeNull()
    expect(await brokenAt(noted)).toBe(4)
  })
})

describe('retention', () => {
  it('removes from the old end only, and the rest can still be verified', async () => {
    const log = aLog()
    await write(4, log)
    now += 20 * day
    await write(3, log)
    expect(await log.prune()).toBe(0)
    now += 11 * day
    expect(await log.prune()).toBe(4)
    expect(await verifyAudit(entries)).toMatchObject({ entries: 4, first: { seq: 5 }, last: { seq: 8 }, broken: null })
    expect((await read(8)).doc).toMatchObject({ action: 'audit.prune', by: null, details: { seq: 4 } })
    expect(await log.prune()).toBe(0)
    expect((await entries.last())?.seq).toBe(8)
  })

  it('never leaves an empty log', async () => {
    const log = aLog()
    await write(3, log)
    now += 100 * day
    expect(await log.prune()).toBe(3)
    now += 100 * day
    expect(await log.prune()).toBe(1)
    expect(await verifyAudit(entries)).toMatchObject({ entries: 1, first: { seq: 5 }, broken: null })
    await write(1)
    expect(await brokenAt()).toBeNull()
  })

  it('stops at an entry that is young, whatever comes after it', async () => {
    const log = aLog()
    await write(2, log)
    now += 40 * day
    await write(1, log)
    now -= 40 * day
    await write(2, log)
    now += 40 * day
    expect(await log.prune()).toBe(2)
    expect(await brokenAt()).toBeNull()
  })

  it.each(['append', 'advance', 'removeThrough'] as const)(
    'can be killed at "%s" and be taken up again',
    async (step) => {
      await write(3)
      now += 40 * day
      let kills = 1
      const killed = () => Promise.reject(new Problem('storage_failed', 'killed'))
      const over: Partial<AuditStore> =
        step === 'append'
          ? { insert: (entry) => (kills-- > 0 ? killed() : entries.insert(entry)) }
          : step === 'advance'
            ? { advance: (name, to) => (name === 'checkpoint' && kills-- > 0 ? killed() : entries.advance(name, to)) }
            : {
                async removeThrough(seq, limit) {
                  if (kills-- <= 0) return entries.removeThrough(seq, limit)
                  await entries.removeThrough(1, limit)
                  return killed()
                },
              }
      const dying = aLog(over)
      await expect(dying.prune()).rejects.toThrow('killed')
      expect(await brokenAt()).toBeNull()
      await dying.prune()
      expect(await brokenAt()).toBeNull()
      expect(await docs().get(idOf(3))).toBeNull()
    },
  )

  it('is no excuse: a cut at the old end that no entry tells of is found', async () => {
    await write(6)
    await docs().remove(idOf(1))
    await docs().remove(idOf(2))
    expect(await brokenAt()).toBe(1)
    await marks().insert({ id: 'checkpoint', seq: 2, hash: (await read(3)).doc.prev })
    expect(await verifyAudit(entries)).toMatchObject({
      broken: { seq: 2, reason: expect.stringContaining('no entry') },
    })
  })

  it('cannot hide a mark that was noted elsewhere', async () => {
    const log = aLog()
    await write(3, log)
    const noted = { seq: 2, hash: (await read(2)).doc.hash }
    now += 40 * day
    await log.prune()
    expect(await verifyAudit(entries, noted)).toMatchObject({
      broken: { seq: 2, reason: expect.stringContaining('newer') },
    })
  })
})

describe('audit', () => {
  const ctx = { principal: { username: 'root' }, requestId: 'r1', address: '192.0.2.1', log: silentLog }
  const event = { action: 'group.create', target: 'sales' } as const
  const shown = async () => (await entries.search({ and: [] }, { limit: 10 })).reverse()

  it('keeps a change before it is made', async () => {
    const audit = createAudit({ auditLog: aLog() })
    const result = await audit.change(ctx, event, async () => (await shown()).map(({ action }) => action))
    expect(result).toEqual(['group.create'])
    expect(await shown()).toMatchObject([
      { by: 'root', requestId: 'r1', address: '192.0.2.1', target: 'sales', app: null },
    ])
  })

  it('keeps that a change failed', async () => {
    const audit = createAudit({ auditLog: aLog() })
    const fail = (error: Error) =>
      audit.change(ctx, event, () => Promise.reject(error)).catch((caught: unknown) => caught)
    const conflict = new Problem('conflict', 'There is one: MARKER')
    expect(await fail(conflict)).toBe(conflict)
    const fault = new TypeError('MARKER')
    expect(await fail(fault)).toBe(fault)
    expect((await shown()).map(({ details }) => details)).toEqual([
      {},
      { failed: 'conflict' },
      {},
      { failed: 'internal' },
    ])
    expect(JSON.stringify(await shown())).not.toContain('MARKER')
  })

  const broken = { insert: () => Promise.reject(new Problem('storage_failed', 'disk full')) }

  it('makes no change that it cannot keep', async () => {
    const audit = createAudit({ auditLog: aLog(broken) })
    let done = false
    const change = audit.change(ctx, event, async () => {
      done = true
    })
    await expect(change).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringMatching(/^Nothing was changed/),
    })
    expect(done).toBe(false)
  })

  it('lets a note be lost, in a short time, and says so in the log', async () => {
    const lines: string[] = []
    const log = { ...silentLog, error: (_: object, message: string) => lines.push(message) }
    await createAudit({ auditLog: aLog(broken) }).note({ ...ctx, log }, event)
    expect(lines).toEqual(['the audit log lacks an entry'])
    const stuck = aLog({ insert: () => new Promise(() => {}) })
    const started = performance.now()
    await createAudit({ auditLog: stuck, patience: 30 }).note({ ...ctx, log }, event)
    expect(performance.now() - started).toBeLessThan(1000)
    expect(lines[1]).toBe('the audit log is late')
  })

  it('bounds what people send', async () => {
    const audit = createAudit({ auditLog: aLog() })
    await audit.note(ctx, { ...event, target: 'x'.repeat(1e6), details: { much: 'y'.repeat(1e6) } })
    const [entry] = await shown()
    expect(JSON.stringify(entry).length).toBeLessThan(2000)
    expect(entry?.details).toEqual({ length: 1_000_011, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  })
})
