import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, silentLog } from '../../src/base/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { compose } from '../../src/processes/compose.ts'
import { runJobs } from '../../src/processes/run-jobs.ts'
import { chosenEngines } from './engines.ts'

/** What a test may ask of somebody's session. Bodies are parsed, unless they are compressed. */
export interface Caller {
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, options?: CallOptions): Promise<Answer>
  /** What a request over the network needs to be this caller's. */
  readonly authorization: Readonly<Record<string, string>>
  /** Uploads a CSV text as a domain of an app. */
  upload(app: string, domain: string, csv: string | Buffer): Promise<Answer>
  /** Publishes an app and waits until that has ended. */
  publish(app: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what came back without declaring it first
  readonly body: any
  readonly bytes: Buffer
}

export interface Instance {
  /** Signed in as nobody. */
  readonly nobody: Caller
  /** A SUPER_ADMIN. */
  readonly admin: Caller
  readonly home: string
  /** Whether other processes may write to the store beside this one: then nothing that was read may be remembered. */
  readonly shared: boolean
  /** Makes a user and signs in. */
  aUser(user?: UserFields): Promise<Caller>
  /** Makes an app, with domains in staging and in production unless `published` is false. */
  anApp(app: { id: string; domains?: Record<string, string>; published?: boolean }): Promise<void>
  /** Begins a sweep, unless one was begun in the same ten minutes. */
  sweep(): Promise<void>
  /** Answers on the network too, for what only a real connection shows; gives the address. */
  listen(): Promise<string>
  close(): Promise<void>
}

interface UserFields {
  readonly username?: string
  readonly roles?: string[]
  readonly privileges?: Record<string, string[]>
  readonly groups?: string[]
  readonly attributes?: Record<string, unknown>
}

const password = 'Not-a-Default-2026'

/** The whole product on the engines of this run (see `engines.ts`) in a temporary home, reached by `inject`. `settings` are environment variables. */
export async function anInstance(settings: Record<string, string> = {}, clock?: Clock): Promise<Instance> {
  const home = mkdtempSync(join(tmpdir(), 'laputa-instance-'))
  const engines = chosenEngines()
  const config = loadConfig({ env: { LAPUTA_HOME: home, ...engines.settings, ...settings }, cwd: home })
  const { openBus } = engines
  const product = await compose({ config, log: silentLog, version: '0.0.0', openBus, ...(clock && { clock }) })
  const { server, users, close } = product
  await runJobs({ product, settings: { ...config.jobs, drain: 1000 }, log: silentLog })
  let count = 0

  function caller(token: string | null): Caller {
    const authorization: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
    const call: Caller['call'] = async (method, url, { body, headers = {} } = {}) => {
      const type = body === undefined || headers['content-type'] ? {} : { 'content-type': 'application/json' }
      const payload =
        body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
      const response = await server.inject({
        method,
        url,
        headers: { ...authorization, ...type, ...headers },
        ...(payload !== undefined && { payload }),
      })
      const isJson =
        String(response.headers['content-type'] ?? '').includes('json') && !response.headers['content-encoding']
      return {
        bytes: response.rawPayload,
        status: response.statusCode,
        headers: response.headers,
        body: isJson && response.body !== '' ? response.json() : response.body,
      }
    }
    return {
      call,
      authorization,
      upload(app, domain, csv) {
        const head = `--b\r\ncontent-disposition: form-data; name="data"\r\n\r\n${JSON.stringify({ domain })}\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="t.csv"\r\n\r\n`
        const body = Buffer.concat([Buffer.from(head), Buffer.from(csv), Buffer.from('\r\n--b--\r\n')])
        return call('POST', `/${app}/data/sources`, {
          body,
          headers: { 'content-type': 'multipart/form-data; boundary=b' },
        })
      },
      publish: (app, body, headers) =>
        call('POST', `/${app}/data/release`, { body, headers: { prefer: 'wait=30', ...headers } }),
    }
  }

  async function signIn(username: string): Promise<Caller> {
    const { status, body } = await caller(null).call('POST', '/login', { body: { username, password } })
    if (status !== 200) throw new Error(`sign-in answered ${status}`)
    return caller(body.token)
  }

  await users.create(null, { username: 'root', password, roles: ['SUPER_ADMIN'] })
  const admin = await signIn('root')
  return {
    nobody: caller(null),
    admin,
    home,
    shared: product.store.shared,
    async aUser({ username = `user-${++count}`, ...fields } = {}) {
      for (const name of fields.groups ?? []) await admin.call('POST', '/groups', { body: { name } })
      const { status, body } = await admin.call('POST', '/users', { body: { username, password, ...fields } })
      if (status !== 201) throw new Error(`making a user answered ${status}: ${JSON.stringify(body)}`)
      return signIn(username)
    },
    async anApp({ id, domains = {}, published = true }) {
      await admin.call('POST', '/small-apps', { body: { id, name: id } })
      for (const [domain, csv] of Object.entries(domains)) {
        const { status, body } = await admin.upload(id, domain, csv)
        if (status !== 201) throw new Error(`uploading "${domain}" answered ${status}: ${JSON.stringify(body)}`)
        await admin.call('PUT', `/${id}/permissions/${encodeURIComponent(domain)}`, {
          body: [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }],
        })
      }
      if (!published) return
      const { status, body } = await admin.publish(id)
      if (status !== 200) throw new Error(`publishing "${id}" answered ${status}: ${JSON.stringify(body)}`)
    },
    sweep: product.sweep,
    listen: () => server.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await close()
      await engines.drop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
