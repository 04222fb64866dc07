import { createServer, type Server, type Socket } from 'node:net'
import { MongoClient, MongoNetworkError, MongoServerError } from 'mongodb'
import { afterEach, describe, expect, it } from 'vitest'
import { Problem } from '../base/index.ts'
import { type Config, checkMongoVersion, loadConfig, mongoOptions, mongoProblem } from './index.ts'

const defaults = loadConfig({ env: {}, cwd: '/nowhere' }).mongo
const secretUrl = 'mongodb://ann:s3cret-word@127.0.0.1:1/'

function settings(changes: Partial<Config['mongo']> = {}): Config['mongo'] {
  return { ...defaults, url: secretUrl, server_timeout: 400, connect_timeout: 400, ...changes }
}

describe('the options of the driver', () => {
  it('are those of the settings, and the driver takes them', () => {
    const { url, database, options } = mongoOptions(
      settings({
        database: 'shop',
        tls: true,
        max_pool: 7,
        min_pool: 2,
        read_preference: 'nearest',
        socket_timeout: 1234,
      }),
    )
    expect([url, database]).toEqual([secretUrl, 'shop'])
    const client = new MongoClient(url, options)
    expect(client.options).toMatchObject({
      tls: true,
      maxPoolSize: 7,
      minPoolSize: 2,
      serverSelectionTimeoutMS: 400,
      connectTimeoutMS: 400,
      socketTimeoutMS: 1234,
      retryWrites: true,
      writeConcern: { w: 'majority' },
      readPreference: { mode: 'nearest' },
    })
  })

  it('leave encryption to the address when it is not set', () => {
    const { url, options } = mongoOptions(settings({ url: `${secretUrl}?tls=true` }))
    expect(new MongoClient(url, options).options.tls).toBe(true)
  })

  it.each<[string, Partial<Config['mongo']>, string]>([
    ['no address', { url: undefined }, 'mongo.url'],
    ['an address of something else', { url: 'http://ann:s3cret-word@host' }, 'mongo.url'],
    ['fewer connections at most than at least', { min_pool: 9, max_pool: 3 }, 'mongo.min_pool'],
  ])('are refused for %s', (_, changes, path) => {
    const attempt = () => mongoOptions(settings(changes))
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'config_invalid', errors: [expect.objectContaining({ path })] }),
    )
    expect(attempt).not.toThrow(/s3cret-word/)
  })
})

describe('the version of the server', () => {
  it.each(['5.0.0', '7.0.14', '10.1'])('%s will do', (version) => {
    checkMongoVersion(version)
  })

  it.each(['4.4.29', '3.6', '', undefined])('%j will not', (version) => {
    expect(() => checkMongoVersion(version)).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.stringMatching(/MongoDB 5 or later/) }),
    )
  })
})

describe('an error of the driver', () => {
  let server: Server | undefined
  const sockets = new Set<Socket>()
  afterEach(() => {
    for (const socket of sockets) socket.destroy()
    server?.close()
    server = undefined
  })

  /** The address of a server that does this to whoever connects. */
  async function serverThat(greet: (socket: Socket) => void): Promise<string> {
    server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      greet(socket)
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return `mongodb://ann:s3cret-word@127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
  }

  async function failure(changes: Partial<Config['mongo']>) {
    const used = settings(changes)
    const { url, options } = mongoOptions(used)
    try {
      const client = new MongoClient(url, options)
      await client.connect().finally(() => client.close())
    } catch (error) {
      return mongoProblem(error, used)
    }
    return expect.fail('it connected')
  }

  /** Everything that a log or an answer could show of it. */
  function shown(error: unknown): string {
    if (!(error instanceof Error)) return ''
    return `${JSON.stringify(error)} ${error.message} ${error.stack} ${shown(error.cause)}`
  }

  it.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['never answers', () => {}],
  ])('names the address of a server that %s, without user and password', async (_, greet) => {
    const url = await serverThat(greet)
    const problem = await failure({ url })
    const host = url.slice(url.indexOf('@') + 1, -1)
    expect(problem).toMatchObject({ code: 'storage_failed', errors: [{ path: 'mongo.url' }] })
    expect(problem.message).toContain(`at ${host}.`)
    expect(shown(problem)).not.toMatch(/s3cret-word|ann:/)
  })

  it('names the address where nobody listens, or that has no name', async () => {
    expect(await failure({})).toMatchObject({
      code: 'storage_failed',
      message: expect.stringMatching(/127\.0\.0\.1:1\. Start it/),
    })
    const nameless = 'mongodb://ann:s3cret-word@no-such-host.invalid/'
    expect(await failure({ url: nameless })).toMatchObject({
      message: expect.stringMatching(/at no-such-host\.invalid\./),
    })
  })

  it.each([
    'mongodb://ann:p@ss:w/rd@host/',
    'mongodb://',
    'mongodb://ann:s3cret-word@host:port/',
    'mongodb://host/?x=',
  ])('says that the address %s cannot be read, and shows nothing of it', async (url) => {
    const problem = await failure({ url })
    expect(problem).toMatchObject({ code: 'config_invalid', errors: [{ path: 'mongo.url' }] })
    expect(shown(problem)).not.toMatch(/s3cret-word|p@ss/)
  })

  it('names the setting of the encryption when the server speaks plainly', async () => {
    const url = await serverThat((socket) => socket.write('this is not TLS at all\r\n'))
    expect(await failure({ url, tls: true })).toMatchObject({ code: 'config_invalid', errors: [{ path: 'mongo.tls' }] })
  })

  it.each(['tls_ca_file', 'tls_certificate_file'] as const)('names %s when there is no such file', async (setting) => {
    expect(await failure({ tls: true, [setting]: '/nowhere/x.pem' })).toMatchObject({
      code: 'config_invalid',
      errors: [{ path: `mongo.${setting}`, message: expect.stringContaining('/nowhere/x.pem') }],
    })
  })

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain', 'mongo.tls_ca_file'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'mongo.tls_ca_file'],
    ['CERT_HAS_EXPIRED', 'certificate has expired', 'mongo.tls_ca_file'],
    ['EPROTO', 'ssl3_get_record:wrong version number', 'mongo.tls'],
  ])('names the setting of certificates for %s', (code, message, path) => {
    const cause = Object.assign(new Error(message), { code })
    const problem = mongoProblem(new MongoNetworkError(message, { cause }), settings())
    expect(problem).toMatchObject({ code: 'config_invalid', errors: [{ path }] })
  })

  it.each([
    { code: 18, errmsg: 'Authentication failed.', expected: 'config_invalid', message: /`mongo.url`.*password/ },
    { code: 8000, errmsg: 'bad auth', expected: 'config_invalid', message: /`mongo.url`.*password/ },
    { code: 13, errmsg: 'not authorized', expected: 'config_invalid', message: /`mongo.database`.*readWrite.*"shop"/ },
    { code: 14031, errmsg: 'No space left', expected: 'storage_failed', message: /disk of the MongoDB server is full/ },
    { code: 2, errmsg: 'BadValue', expected: 'storage_failed', message: /log has the cause/ },
  ])('of the server, $code, says what to do', ({ code, errmsg, expected, message }) => {
    const error = new MongoServerError({ code, errmsg, message: errmsg })
    expect(mongoProblem(error, settings({ database: 'shop' }))).toMatchObject({
      code: expected,
      message: expect.stringMatching(message),
    })
  })

  it('that is a problem already stays what it is', () => {
    const problem = new Problem('conflict', 'taken')
    expect(mongoProblem(problem, settings())).toBe(problem)
  })
})
