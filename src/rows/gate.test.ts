import { describe, expect, it } from 'vitest'
import { createGate } from './gate.ts'

const never = new AbortController().signal

describe('a gate', () => {
  it('lets so many in, and the others in their order as places become free', async () => {
    const gate = createGate(2)
    const entered: number[] = []
    const leaves = [0, 1, 2, 3].map((n) =>
      gate.enter(never).then((leave) => {
        entered.push(n)
        return leave
      }),
    )
    const leave = await leaves[0]
    await leaves[1]
    expect(entered).toEqual([0, 1])
    leave?.()
    leave?.()
    await leaves[2]
    expect(entered).toEqual([0, 1, 2])
    ;(await leaves[1])?.()
    await leaves[3]
    expect(entered).toEqual([0, 1, 2, 3])
  })

  it('lets those go who give up waiting, without losing their place', async () => {
    const gate = createGate(1)
    const leave = await gate.enter(never)
    const impatient = new AbortController()
    const waiting = gate.enter(impatient.signal)
    const next = gate.enter(never)
    impatient.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await expect(gate.enter(AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
    leave()
    expect(await next).toBeTypeOf('function')
  })

  it('closes when everybody has left, and turns all others away', async () => {
    const gate = createGate(1)
    const leave = await gate.enter(never)
    const waiting = gate.enter(never)
    let closed = false
    const closing = gate.close().then(() => {
      closed = true
    })
    expect(gate.closing.aborted).toBe(true)
    await expect(waiting).rejects.toMatchObject({ code: 'storage_failed' })
    await expect(gate.enter(never)).rejects.toMatchObject({ code: 'storage_failed' })
    expect(closed).toBe(false)
    leave()
    await closing
    await createGate(1).close()
  })
})
