import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type Json, type Log, Problem, silentLog } from '../../base/index.ts'
import { chooseWork, createChildWork, createInlineWork, type HeavyWork, type Works } from '../index.ts'

const program = new URL('../../../test/contracts/jobs/work-child.ts', import.meta.url).pathname
const { works }: { works: Works } = await import('../../../test/contracts/jobs/works.ts')

const memoryBytes = 256 * 1024 ** 2

function childWork(log: Log = silentLog): HeavyWork {
  return createChildWork({
    command: process.execPath,
    args: ['--import', 'tsx', program],
    env: { GIVEN: 'given' },
    memoryBytes,
    log,
  })
}

const about = (signal: AbortSignal = new AbortController().signal) => ({
  isolate: true,
  signal,
  progress: () => {},
})

describe.each([
  ['inline', () => createInlineWork(works)],
  ['in a child', () => childWork()],
])('heavy work, %s', (_, create) => {
  const work = create()

  it('gives what it made of the payload', async () => {
    const payload = { text: 'ключ 🗝\u0000', list: [1, null, true, { a: -0.5 }] }
    expect(await work.run('echo', payload, about())).toEqual(payload)
    expect(await work.run('echo', null, about())).toBeNull()
    expect(await work.run('nothing', 1, about())).toBeNull()
  })

  it('tells how far it is', async () => {
    const seen: unknown[] = []
    await work.run('count', 3, { ...about(), progress: (at) => seen.push(at) })
    expect(seen).toEqual([{ stage: 'counting', percent: 0 }, { stage: 'counting', percent: 50 }, { stage: 'ending' }])
  })

  it('throws what the work throws, with its code and what is wrong', async () => {
    const problem = await work.run('refuse', 1, about()).catch((error) => error)
    expect(problem).toBeInstanceOf(Problem)
    expect(problem).toMatchObject({
      code: 'csv_invalid',
      message: 'Not a table.',
      errors: [{ path: '/line', message: 'no comma', line: 3 }],
      status: 422,
    })
  })

  it('stops when it is told to', async () => {
    const abort = new AbortController()
    const running = work.run('wait', 1, about(abort.signal))
    setTimeout(() => abort.abort(new Problem('cancelled', 'Somebody cancelled it.')), 100)
    await expect(running).rejects.toMatchObject({ code: 'cancelled', message: 'Somebody cancelled it.' })
    await expect(work.run('echo', 1, about(abort.signal))).rejects.toMatchObject({ code: 'cancelled' })
  })

  it('refuses what is no work', async () => {
    for (const name of ['nobody', 'toString', '__proto__']) {
      await expect(work.run(name, 1, about())).rejects.toMatchObject({ code: 'internal' })
    }
  })

  it('ends', () => work.close())
})

describe('heavy work in a child', () => {
  const open: HeavyWork[] = []
  const aWork = (log?: Log) => {
    const work = childWork(log)
    open.push(work)
    return work
  }
  afterEach(async () => {
    for (const work of open.splice(0)) await work.close()
  })

  it('runs in another process, which is used again, and several at once', async () => {
    const work = aWork()
    const first = await work.run('pid', null, about())
    expect(first).not.toBe(process.pid)
    expect(await work.run('pid', null, about())).toBe(first)
    const both = await Promise.all([work.run('pid slowly', null, about()), work.run('pid slowly', null, about())])
    expect(new Set(both).size).toBe(2)
  })

  it('is replaced after twenty', async () => {
    const work = aWork()
    const pids: Json[] = []
    for (let run = 0; run < 21; run++) pids.push(await work.run('pid', null, about()))
    expect(new Set(pids.slice(0, 20)).size).toBe(1)
    expect(pids[20]).not.toBe(pids[0])
    await expect.poll(() => isRunning(pids[0])).toBe(false)
  })

  it('gets the environment that it was given, and nothing of ours', async () => {
    process.env.LAPUTA_SECRET = 'secret'
    const env = await aWork().run('environment', null, about())
    delete process.env.LAPUTA_SECRET
    expect(env).toMatchObject({ GIVEN: 'given' })
    expect(Object.keys(env as object).filter((name) => !name.startsWith('NODE_'))).toEqual(['GIVEN'])
  })

  it.each([
    ['in the heap', 'fill the heap'],
    ['outside of the heap', 'fill buffers'],
  ])('that takes too much memory %s is ended in words, and the next one runs', async (_, name) => {
    const work = aWork()
    await expect(work.run(name, null, about())).rejects.toMatchObject({
      code: 'out_of_memory',
      status: 413,
      message: expect.stringMatching(/256 MiB.*jobs\.memory/),
    })
    expect(await work.run('echo', 1, about())).toBe(1)
  })

  it.each([
    ['exits', 'exit', /ended with code 7/],
    ['is killed', 'kill', /killed by SIGKILL/],
  ])('that %s ends with that, and the next one runs', async (_, name, message) => {
    const work = aWork()
    await expect(work.run(name, null, about())).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(message),
    })
    expect(await work.run('echo', 1, about())).toBe(1)
  })

  it('that does not listen is killed', async () => {
    const work = aWork()
    const abort = new AbortController()
    const pid = aPid()
    const running = work.run('block', null, { ...about(abort.signal), progress: ({ stage }) => pid.come(stage) })
    running.catch(() => {})
    const blocked = Number(await pid.came)
    const started = performance.now()
    abort.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(performance.now() - started).toBeLessThan(4000)
    await expect.poll(() => isRunning(blocked)).toBe(false)
  })

  it('does not show what it was given, whatever happens', async () => {
    const heard: string[] = []
    const log: Log = {
      debug: (fields, message) => heard.push(text(fields), message),
      info: (fields, message) => heard.push(text(fields), message),
      warn: (fields, message) => heard.push(text(fields), message),
      error: (fields, message) => heard.push(text(fields), message),
      child: () => log,
    }
    const work = aWork(log)
    for (const name of ['exit', 'throw', 'nobody']) {
      const error = await work.run(name, { password: 'hunter2' }, about()).catch((raised) => raised)
      heard.push(error.message)
    }
    expect(heard.length).toBeGreaterThan(3)
    expect(heard.join()).not.toContain('hunter2')
  })

  it('goes with its parent, however that one ends', async () => {
    const script = `
      import { createChildWork } from ${JSON.stringify(new URL('../index.ts', import.meta.url).pathname)}
      const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
      const work = createChildWork({
        command: process.execPath, args: ['--import', 'tsx', ${JSON.stringify(program)}], env: {}, memoryBytes: ${memoryBytes}, log,
      })
      const about = { isolate: true, signal: new AbortController().signal, progress: () => {} }
      process.stdout.write(String(await work.run('pid', null, about)) + '\\n')
      await work.run('wait', null, about)`
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(parent.stdout, 'data')
    const pid = Number(String(line))
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isRunning(pid), { timeout: 5000 }).toBe(false)
  })

  it('says so when it cannot be started', async () => {
    const work = createChildWork({
      command: '/nowhere/node',
      args: [],
      env: {},
      memoryBytes,
      log: silentLog,
    })
    open.push(work)
    await expect(work.run('echo', 1, about())).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('could not be started'),
    })
  })

  it('leaves no process behind when it is closed, and takes no more', async () => {
    const work = childWork()
    const pid = await work.run('pid', null, about())
    const running = work.run('wait', null, about())
    running.catch(() => {})
    await sleep(50)
    await work.close()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    await expect(work.run('echo', 1, about())).rejects.toMatchObject({ code: 'cancelled' })
    expect(isRunning(pid)).toBe(false)
  })
})

it('is chosen by whoever asks', async () => {
  const work = chooseWork({ inline: createInlineWork(works), child: childWork() })
  expect(await work.run('pid', null, { ...about(), isolate: false })).toBe(process.pid)
  expect(await work.run('pid', null, about())).not.toBe(process.pid)
  await work.close()
})

function isRunning(pid: Json | undefined): boolean {
  try {
    return process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

function aPid() {
  let come: (pid: string) => void = () => {}
  const came = new Promise<string>((resolve) => {
    come = resolve
  })
  return { come: (pid: string) => come(pid), came }
}

/** With the texts of errors, which JSON leaves out. */
function text(fields: object): string {
  return JSON.stringify(fields, (_, value) => (value instanceof Error ? `${value.stack} ${text({ ...value })}` : value))
}
