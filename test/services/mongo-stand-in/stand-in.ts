import type { RunningServer } from '../server.ts'
import { startAggregateProxy } from './aggregate-proxy.ts'
import { standInOptions, startJavaServer } from './java-server.ts'

/** In the address of the stand-in, so that nobody takes it for MongoDB. */
export const standInName = 'stand-in'

/**
 * What stands in for MongoDB where there is none: mongo-java-server, and mingo in front of it for `aggregate`. The proxy runs in this
 * process. It is not MongoDB: TTL, `maxTimeMS`, collations, validators, views and transactions are accepted and not done; explain,
 * change streams, update pipelines, partial unique indexes and users are not there. mingo differs in `$dateAdd` at month ends,
 * `$dateTrunc` with a time zone, `$group` with `$top`, `$mergeObjects`, `$percentile`, `$bucket`, `$lookup` with both fields and
 * pipeline, `$densify` and `$redact`, and in date operators over null, which fail.
 */
export async function startStandIn(): Promise<RunningServer | null> {
  const server = await startJavaServer()
  if (!server) return null
  const proxy = await startAggregateProxy(server.url)
  return {
    url: `mongodb://127.0.0.1:${proxy.port}/?${standInOptions}&appName=${standInName}`,
    version: 'stand-in (mongo-java-server 1.47.0 + mingo)',
    stop: async () => {
      await proxy.close()
      await server.stop()
    },
  }
}
