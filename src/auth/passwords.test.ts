import { parseOptions } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { createPasswords } from './passwords.ts'

const passwords = await createPasswords({ min_length: 9 })
const owner = { username: 'ada', admin: false }

describe('passwords', () => {
  it('are kept as Argon2id with 19 MiB, two passes and one lane', async () => {
    const hash = await passwords.hash('Difference-Engine', owner)
    expect(hash).toMatch(/^\$argon2id\$v=19\$/)
    expect(parseOptions(hash)).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  })

  it('match in each Unicode form, and otherwise exactly', async () => {
    const hash = await passwords.hash('Engine-ré-2', owner)
    expect(await passwords.verify(hash, 'Engine-re\u0301-2')).toBe(true)
    for (const other of ['Engine-re-2', 'engine-ré-2', 'Engine-ré-2 ', ''])
      expect(await passwords.verify(hash, other)).toBe(false)
  })

  it('never match where there is none, in about the same time', async () => {
    const hash = await passwords.hash('Difference-Engine', owner)
    const timed = async (stored: string | null) => {
      const times: number[] = []
      for (let i = 0; i < 7; i++) {
        const start = performance.now()
        expect(await passwords.verify(stored, 'wrong password')).toBe(false)
        times.push(performance.now() - start)
      }
      return Math.min(...times)
    }
    const [known, unknown] = [await timed(hash), await timed(null)]
    // Without the hash of nobody this is below 0.01.
    expect(unknown / known).toBeGreaterThan(0.3)
    expect(known / unknown).toBeGreaterThan(0.3)
  })

  it('are refused with each rule that they break', async () => {
    const refusal = await passwords.hash('ADA', { ...owner, admin: true }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'invalid_request' })
    expect((refusal as { errors: unknown[] }).errors).toHaveLength(4)
  })

  it('of an administrator are long and mixed', () => {
    const judged = ['Abcdefgh-123', 'abcdefgh-123', 'ABCDEFGHIJ-K', 'Ab-1', 'Ünïcödé-Wört', 'abcdefghijklmnop'].map(
      passwords.suitsAdmin,
    )
    expect(judged).toEqual([true, true, false, false, true, false])
  })
})
