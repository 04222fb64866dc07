import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { aSession } from '../../test/builders/auth.ts'
import { aServer, type TestServer } from '../../test/builders/server.ts'
import { Problem } from '../base/index.ts'
import { instanceRoute, type Upload } from './index.ts'

let app: TestServer
let port: number
let token: string
const seen: { slow: number; aborted: boolean; uploads: { fields: Upload['fields']; outcome: string }[] } = {
  slow: 0,
  aborted: false,
  uploads: [],
}
const limit = 64 * 1024

beforeAll(async () => {
  app = await aServer({
    env: { LAPUTA_HTTP__UPLOAD_LIMIT: '64 KiB' },
    routes: () => [
      instanceRoute({
        method: 'GET',
        url: '/slow',
        action: 'session.read',
        summary: 'Waits until the client leaves',
        handle: ({ signal }) =>
          new Promise<never>((_, reject) => {
            seen.slow++
            signal.addEventListener('abort', () => {
              seen.aborted = true
              reject(signal.reason)
            })
          }),
      }),
      instanceRoute({
        method: 'GET',
        url: '/quick',
        action: 'session.read',
        summary: 'Looks at the signal after the answer',
        response: z.strictObject({ aborted: z.boolean() }),
        async handle({ signal }) {
          signal.addEventListener('abort', () => {
            seen.aborted = true
          })
          return { body: { aborted: signal.aborted } }
        },
      }),
      instanceRoute({
        method: 'POST',
        url: '/upload',
        action: 'session.read',
        summary: 'Takes a file',
        upload: true,
        response: z.strictObject({
          name: z.string(),
          hash: z.string(),
          size: z.int(),
          truncated: z.boolean(),
          fields: z.record(z.string(), z.string()),
        }),
        async handle(_ctx, { upload }) {
          const { fields, file } = await upload()
          if (fields.refuse) throw new Problem('conflict', 'Not this one.')
          const hash = createHash('sha256')
          let size = 0
          const note = { fields, outcome: 'running' }
          seen.uploads.push(note)
          try {
            for await (const chunk of file.stream) {
              hash.update(chunk)
              size += chunk.length
            }
            note.outcome = 'whole'
          } catch (error) {
            note.outcome = 'cut'
            throw error
          }
          return { body: { name: file.filename, hash: hash.digest('hex'), size, truncated: file.truncated(), fields } }
        },
      }),
    ],
  })
  token = (await aSession(app)).token
  await app.server.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.server.address()
  port = typeof address === 'object' && address ? address.port : 0
})
afterAll(() => app.close())

const open = () =>
  new Promise<Socket>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
  })

async function raw(text: string): Promise<string> {
  const socket = await open()
  socket.end(text)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  return answer
}

const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))
const until = async (condition: () => boolean) => {
  for (let i = 0; i < 400 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(condition()).toBe(true)
}

describe('what is no HTTP', () => {
  it('headers that are too large are refused as a problem', async () => {
    const answer = await raw(`GET /me HTTP/1.1\r\nhost: x\r\ncookie: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(bodyOf(answer)).toMatchObject({ status: 431, code: 'headers_too_large', requestId: expect.any(String) })
  })

  it.each([
    'nonsense\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  ])('is refused as a problem: %j', async (text) => {
    const answer = await raw(text)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(bodyOf(answer)).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(answer).not.toContain('nonsense')
  })
})

describe('the signal of a request', () => {
  it('aborts when the client leaves, and nothing stands in the log as a fault', async () => {
    seen.aborted = false
    app.lines.length = 0
    const before = seen.slow
    const socket = await open()
    socket.write(`GET /slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`)
    await until(() => seen.slow > before)
    expect(seen.aborted).toBe(false)
    socket.destroy()
    await until(() => seen.aborted)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(app.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('stays quiet when the answer is sent', async () => {
    seen.aborted = false
    const answer = await fetch(`http://127.0.0.1:${port}/quick`, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toEqual({ aborted: false })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(seen.aborted).toBe(false)
  })
})

describe('an upload', () => {
  const send = async (form: FormData) => {
    const answer = await fetch(`http://127.0.0.1:${port}/upload`, {
      method: 'POST',
      body: form,
      headers: { authorization: `Bearer ${token}` },
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const formOf = (parts: [string, string | Blob, string?][]) => {
    const form = new FormData()
    for (const [name, value, filename] of parts)
      typeof value === 'string' ? form.append(name, value) : form.append(name, value, filename)
    return form
  }

  it('streams the file, with the fields before it', async () => {
    const bytes = Buffer.alloc(limit, 'abc')
    const { status, body } = await send(
      formOf([
        ['data', '{"filename":"x.csv"}'],
        ['domain', 'sales'],
        ['file', new Blob([bytes]), 'é x.csv'],
        ['late', '1'],
      ]),
    )
    expect(status).toBe(200)
    expect(body).toEqual({
      name: 'é x.csv',
      hash: createHash('sha256').update(bytes).digest('hex'),
      size: limit,
      truncated: false,
      fields: { data: '{"filename":"x.csv"}', domain: 'sales' },
    })
  })

  it('says when the file is larger than the limit', async () => {
    const { body } = await send(formOf([['file', new Blob([Buffer.alloc(limit + 1)]), 'x']]))
    expect(body).toMatchObject({ size: limit, truncated: true })
  })

  it.each([
    ['without a file', formOf([['data', '{}']]), '/file'],
    [
      'with a field that is too long',
      formOf([
        ['data', 'x'.repeat(70_000)],
        ['file', new Blob(['a']), 'x'],
      ]),
      '/data',
    ],
  ])('is refused %s', async (_, form, path) => {
    const { body } = await send(form)
    expect(body).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ path }] })
  })

  it('ignores names that poison objects, and refuses a flood of fields', async () => {
    const poisoned = await send(
      formOf([
        ['__proto__', 'x'],
        ['toString', 'y'],
        ['file', new Blob(['a']), 'x'],
      ]),
    )
    expect([poisoned.status, poisoned.body.fields]).toEqual([200, {}])
    const flood = Array.from({ length: 100 }, (_, i): [string, string] => [`f${i}`, 'x'])
    expect((await send(formOf([...flood, ['file', new Blob(['a']), 'x']]))).status).toBe(400)
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('that is refused at its start is answered although the client still sends', async () => {
    const { status } = await send(
      formOf([
        ['refuse', 'yes'],
        ['file', new Blob([Buffer.alloc(20_000_000)]), 'x'],
      ]),
    )
    expect(status).toBe(409)
  })

  it('that never ends is cut off when it passes the limit', async () => {
    const socket = await open()
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write(
      `POST /upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: multipart/form-data; boundary=x\r\ntransfer-encoding: chunked\r\n\r\n`,
    )
    const chunk = (text: string) => socket.write(`${text.length.toString(16)}\r\n${text}\r\n`)
    chunk('--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n')
    const sending = setInterval(() => chunk('a'.repeat(10_000)), 5)
    const start = performance.now()
    await new Promise((resolve) => socket.once('close', resolve))
    clearInterval(sending)
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*"truncated":true/s)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it.each([
    ['application/json', '{}', 415],
    ['multipart/form-data', 'abc', 400],
    ['multipart/form-data; boundary=x', 'abc', 400],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nno end',
      400,
    ],
  ])('of the type %s with the body %j answers %3$d', async (type, body, status) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const answer = await fetch(`http://127.0.0.1:${port}/upload`, { method: 'POST', body, headers })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  })

  it('that is cut in the middle fails in the handler', async () => {
    seen.uploads.length = 0
    app.lines.length = 0
    const head = `--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n${'a'.repeat(20_000)}`
    const socket = await open()
    socket.write(
      `POST /upload HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 50000\r\n\r\n${head}`,
    )
    await until(() => seen.uploads.length === 1)
    socket.destroy()
    await until(() => seen.uploads[0]?.outcome === 'cut')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(app.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('needs a sign-in before its body is read', async () => {
    const answer = await raw(
      'POST /upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 5000000000\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })
})
