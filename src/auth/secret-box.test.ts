import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSecretBox } from './secret-box.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'laputa-box-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const place = ['connections', 'shop', 'id1', 'password']
const keyA = 'a'.repeat(32)
const keyB = 'b'.repeat(32)
const keyC = 'c'.repeat(32)
const codeOf = (run: () => unknown) => {
  try {
    return String(run())
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('a sealed text', () => {
  it('opens as what it was, whatever that was', async () => {
    const box = await createSecretBox({ home })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string(), { maxLength: 4 }), (text, at) => {
        const sealed = box.seal(text, at)
        expect(box.open(sealed, at)).toBe(text)
        if (text.length > 3) expect(sealed).not.toContain(text)
      }),
    )
  })

  it('is another one each time', async () => {
    const box = await createSecretBox({ home })
    expect(new Set(Array.from({ length: 50 }, () => box.seal('same', place))).size).toBe(50)
  })

  it.each([
    [['connections', 'shop', 'id1', 'token']],
    [['connections', 'shop', 'id2', 'password']],
    [['connections', 'lab', 'id1', 'password']],
    [['connections', 'shop', 'id1']],
    [['connections', 'shopid1', 'password']],
    [['connections/shop/id1/password']],
    [[]],
  ])('does not open at %j', async (other) => {
    const box = await createSecretBox({ home })
    expect(codeOf(() => box.open(box.seal('x', place), other))).toBe('storage_failed')
  })

  it('does not open when one character of it is another one', async () => {
    const box = await createSecretBox({ home })
    const sealed = box.seal('a secret', place)
    for (let at = 0; at < sealed.length; at++) {
      const flipped = sealed[at] === 'A' ? 'B' : 'A'
      const changed = sealed.slice(0, at) + flipped + sealed.slice(at + 1)
      // The last character of base64 may stand for the same bytes.
      if (
        Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(
          Buffer.from(sealed.split('.')[2] ?? '', 'base64url'),
        )
      )
        if (changed.split('.')[0] === 'v1' && changed.split('.')[1] === sealed.split('.')[1]) continue
      expect(
        codeOf(() => box.open(changed, place)),
        String(at),
      ).toMatch(/storage_failed|config_invalid/)
    }
  })

  it.each(['', 'v1', 'v1.x', 'v2.abc.abc', 'a secret', `v1.${'0'.repeat(12)}.`, 'v1.a.b.c'])(
    'is not %j',
    async (text) => {
      const box = await createSecretBox({ home })
      expect(codeOf(() => box.open(text, place))).toBe('storage_failed')
    },
  )

  it('is never quoted in the error', async () => {
    const box = await createSecretBox({ home })
    const sealed = box.seal('MARKER', place)
    const [, , payload] = sealed.split('.')
    try {
      box.open(sealed, ['elsewhere'])
      expect.unreachable()
    } catch (error) {
      expect(String(error) + String((error as Error).cause)).not.toMatch(new RegExp(`MARKER|${payload}`))
    }
  })
})

describe('the key', () => {
  it('is made once, for its owner only', async () => {
    const sealed = (await createSecretBox({ home })).seal('x', place)
    expect((await createSecretBox({ home })).open(sealed, place)).toBe('x')
    expect(await readdir(join(home, 'keys'))).toEqual(['secrets.key'])
    await chmod(join(home, 'keys/secrets.key'), 0o644)
    await expect(createSecretBox({ home })).rejects.toMatchObject({ code: 'config_invalid' })
  })

  it('is not the one of the sessions, nor the bytes of the file themselves', async () => {
    const sealed = (await createSecretBox({ home })).seal('x', place)
    const file = await readFile(join(home, 'keys/secrets.key'))
    await writeFile(join(home, 'keys/secrets.key'), Buffer.from(file).reverse())
    const other = await createSecretBox({ home })
    expect(codeOf(() => other.open(sealed, place))).toBe('config_invalid')
  })

  it('can be configured: no file is made then', async () => {
    const box = await createSecretBox({ home, configured: keyA })
    expect(box.open(box.seal('x', place), place)).toBe('x')
    expect(await readdir(home)).toEqual([])
  })

  it('that is another one than before is named with what to do', async () => {
    const sealed = (await createSecretBox({ home, configured: keyA })).seal('x', place)
    const box = await createSecretBox({ home, configured: keyB })
    expect(() => box.open(sealed, place)).toThrow(/connections\.secrets_key.*connections\.old_secrets_keys/s)
    expect(() => box.open(sealed, place)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })

  it('can change: old ones open, the new one seals', async () => {
    const [a, b] = [
      await createSecretBox({ home, configured: keyA }),
      await createSecretBox({ home, configured: keyB }),
    ]
    const sealed = [a.seal('of a', place), b.seal('of b', place)]
    const box = await createSecretBox({ home, configured: keyC, old: [keyA, keyB] })
    expect(sealed.map((text) => box.open(text, place))).toEqual(['of a', 'of b'])
    const anew = box.seal('of c', place)
    expect((await createSecretBox({ home, configured: keyC })).open(anew, place)).toBe('of c')
    expect(codeOf(() => a.open(anew, place))).toBe('config_invalid')
  })

  it('of a file still opens when one is configured, and old keys never seal', async () => {
    const sealed = (await createSecretBox({ home })).seal('of the file', place)
    const configured = await createSecretBox({ home, configured: keyA })
    expect(configured.open(sealed, place)).toBe('of the file')
    const withOld = await createSecretBox({ home, old: [keyB] })
    const anew = withOld.seal('x', place)
    expect((await createSecretBox({ home })).open(anew, place)).toBe('x')
  })
})
