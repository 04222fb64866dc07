import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadSessionKey } from './session-key.ts'

let home: string
let path: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'laputa-key-'))
  path = join(home, 'keys/session.key')
})
afterEach(() => rm(home, { recursive: true, force: true }))

it('makes a key that only its owner reads, and keeps it', async () => {
  const key = await loadSessionKey({ home })
  expect(key.length).toBe(32)
  expect([(await stat(path)).mode & 0o777, (await stat(join(home, 'keys'))).mode & 0o777]).toEqual([0o600, 0o700])
  expect(await readFile(path)).toEqual(key)
  expect(await loadSessionKey({ home })).toEqual(key)
})

it('makes one key when many processes start at once, and leaves no draft behind', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadSessionKey({ home })))
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
  expect(await readdir(join(home, 'keys'))).toEqual(['session.key'])
})

it('refuses a key file that others can read', async () => {
  await loadSessionKey({ home })
  for (const mode of [0o640, 0o604, 0o620, 0o666]) {
    await chmod(path, mode)
    await expect(loadSessionKey({ home })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('chmod 600'),
    })
  }
})

it.each([0, 16, 31, 33, 64])('refuses a key file of %d bytes and does not replace it', async (length) => {
  await loadSessionKey({ home })
  await writeFile(path, Buffer.alloc(length, 1), { mode: 0o600 })
  await expect(loadSessionKey({ home })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining(`${length} bytes`),
  })
  expect((await stat(path)).size).toBe(length)
})

it('takes the configured key instead of a file', async () => {
  const configured = 'a key of at least thirty-two characters'
  expect((await loadSessionKey({ home, configured })).toString()).toBe(configured)
  expect(await readdir(home)).toEqual([])
})
