import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { createApi } from './api/api.ts'
import { createRequest, type Fetch } from './api/request.ts'
import type { Operation } from './api/types.ts'
import type { SocketListener } from './live-connection.ts'
import { useOperations } from './use-operations.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const operation = (id: string, fields: Partial<Operation> = {}) =>
  ({ id, app: 'shop', state: 'queued', attempt: 0, changed_at: '1', ...fields }) as Operation

const listed = 'GET /shop/operations?limit=20'

/** The page over a server that answers as told, and a websocket that the test speaks for. */
function setUp(told: Record<string, unknown> = {}) {
  const answers: Record<string, unknown> = { 'POST /live/ticket': { ticket: 't' }, [listed]: [], ...told }
  const asked: string[] = []
  const listeners: SocketListener[] = []
  const fetch: Fetch = async (path, init) => {
    const line = `${init.method} ${path}`
    asked.push(line)
    const answer = answers[line]
    if (answer !== undefined) return Response.json(answer)
    return Response.json({ title: 'No', code: 'no', detail: 'Not now.' }, { status: 409 })
  }
  const app = ref<string | null>('shop')
  const scope = effectScope()
  const operations = scope.run(() =>
    useOperations(() => app.value, {
      api: createApi(createRequest(fetch, () => {})),
      open(_ticket, listener) {
        listeners.push(listener)
        return { send: () => {}, close: () => listener.close() }
      },
    }),
  )
  if (!operations) throw new Error('the scope was stopped')
  const tell = (message: object) => listeners.at(-1)?.message(JSON.stringify(message))
  const settle = () => vi.advanceTimersByTimeAsync(0)
  const reads = () => asked.filter((line) => line === listed).length
  return { operations, app, asked, reads, tell, settle, scope }
}

describe('the operations of an app', () => {
  it('are read, and followed', async () => {
    const { operations, reads, tell, settle } = setUp({ [listed]: [operation('1')] })
    await settle()
    expect(operations.list.value?.map(({ id }) => id)).toEqual(['1'])
    tell({ type: 'ready', id: 'a' })
    tell({ type: 'operation.done', id: 'b', operation: operation('1', { state: 'done', changed_at: '2' }) })
    tell({ type: 'operation.queued', id: 'c', operation: operation('9', { app: 'other' }) })
    await settle()
    expect([operations.state.value, operations.list.value?.map(({ state }) => state)]).toEqual(['live', ['done']])
    // Once at the start, and once when it is live.
    expect(reads()).toBe(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reads()).toBe(2)
    tell({ type: 'resync', id: 'd', reason: 'too_old' })
    await settle()
    expect(reads()).toBe(3)
  })

  it('are looked up while there is no connection', async () => {
    const { reads, operations, settle } = setUp({ 'POST /live/ticket': undefined })
    await settle()
    expect(operations.state.value).toBe('waiting')
    await vi.advanceTimersByTimeAsync(15_000)
    expect(reads()).toBe(4)
  })

  it('appear as soon as they are started, and change when they are cancelled', async () => {
    const { operations, settle } = setUp({
      'POST /shop/data/release': { operation_id: '5' },
      'GET /shop/operations/5': operation('5'),
      'POST /shop/operations/5/cancel': operation('5', { state: 'cancelled', changed_at: '2' }),
    })
    await settle()
    await operations.publish()
    expect(operations.list.value?.map(({ id }) => id)).toEqual(['5'])
    await operations.cancel('5')
    expect(operations.list.value?.map(({ state }) => state)).toEqual(['cancelled'])
    await operations.refresh()
    expect(operations.problem.value?.detail).toBe('Not now.')
    await operations.publish()
    expect(operations.problem.value).toBeNull()
  })

  it('are those of the app that is shown, and of none where nobody may look', async () => {
    const { operations, app, asked, tell, settle, scope } = setUp({ [listed]: [operation('1')] })
    await settle()
    app.value = null
    await nextTick()
    expect(operations.list.value).toBeNull()
    tell({ type: 'ready', id: 'a' })
    tell({ type: 'operation.queued', id: 'b', operation: operation('2') })
    const before = asked.length
    await operations.publish()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([operations.list.value, asked.length]).toEqual([null, before])
    scope.stop()
  })
})
