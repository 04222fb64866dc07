import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { type AppBuilder, anAppBuilder, aPostgresSource, type PostgresSource } from '../../../test/builders/live-app.ts'

const postgresUrl = process.env.LAPUTA_TEST_POSTGRES_URL
let instance: Instance
let address: string
let shop: AppBuilder
let viewer: Caller
let api: HttpSource
/** Requests to the source that are open, and those whose line was closed before an answer. */
const open = new Set<() => void>()
let broken = 0

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8,localhost', LAPUTA_QUERY__TIMEOUT: '2 min' })
  address = await instance.listen()
  const big = Array.from({ length: 3000 }, (_, n) => `1,${n}`)
  await instance.anApp({ id: 'shop', domains: { big: `key,n\n${big.join('\n')}\n`, few: 'key,n\n1,1\n' } })
  shop = anAppBuilder(instance, 'shop')
  const connection = await shop.connection('http', { baseroute: api.base }, 0)
  await shop.live('remote', connection, { url: 'remote' } as never)
  await shop.permissions('remote')
  await shop.publish()
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
beforeEach(() => {
  broken = 0
  api.handler = (_request, response) => {
    const answer = () => response.end('[{"key":1,"n":1}]')
    open.add(answer)
    response.once('close', () => {
      open.delete(answer)
      if (!response.writableFinished) broken += 1
    })
  }
})
afterAll(async () => {
  await instance.close()
  await api.close()
})
