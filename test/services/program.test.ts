import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freePort, type ProgramOptions, startProgram, temporaryFolder } from './program.ts'

const root = join(import.meta.dirname, '..', '..')

const serverText = (port: number) => `require('node:net').createServer((s) => s.end()).listen(${port}, '127.0.0.1')`

async function greet(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
  } finally {
    socket.destroy()
  }
}

function answers(port: number): Promise<boolean> {
  return greet(port).then(
    () => true,
    () => false,
  )
}

function options(port: number, text: string): ProgramOptions {
  return {
    command: process.execPath,
    args: ['--eval', text],
    folder: temporaryFolder('program'),
    stopSignal: 'TERM',
    greet: () => greet(port),
    patienceMs: 10_000,
  }
}

it('starts a program, and stops it with everything that is its own', async () => {
  const port = await freePort()
  const chosen = options(port, serverText(port))
  const program = await startProgram(chosen)
  expect(await answers(port)).toBe(true)
  await program.stop()
  expect(await answers(port)).toBe(false)
  expect(existsSync(chosen.folder)).toBe(false)
})

it('says what a program wrote that ended at once', async () => {
  const chosen = options(await freePort(), `console.error('no such thing'); process.exit(3)`)
  await expect(startProgram(chosen)).rejects.toThrow(/ended at once: no such thing/)
  expect(existsSync(chosen.folder)).toBe(false)
})

it('gives a program up that does not answer in time', async () => {
  const [port, other] = [await freePort(), await freePort()]
  const chosen = { ...options(other, serverText(port)), patienceMs: 1000 }
  await expect(startProgram(chosen)).rejects.toThrow(/did not answer within 1 s/)
  expect(await answers(port)).toBe(false)
})

it('does not let a program outlive a run that is killed', async () => {
  const port = await freePort()
  const { greet: _, ...plain } = options(port, serverText(port))
  const text = `
    import { startProgram } from './test/services/program.ts'
    await startProgram({ ...${JSON.stringify(plain)}, greet: async () => {} })
    console.log('started')
    setInterval(() => {}, 1000)`
  const run = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', text], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(run.stdout, 'data')
  await expect.poll(() => answers(port), { timeout: 5000 }).toBe(true)
  run.kill('SIGKILL')
  await once(run, 'exit')
  await expect.poll(() => answers(port), { timeout: 5000 }).toBe(false)
  await expect.poll(() => existsSync(plain.folder), { timeout: 5000 }).toBe(false)
})
