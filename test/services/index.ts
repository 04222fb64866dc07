import { mariadb } from './mariadb.ts'
import { mongo } from './mongo.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'
import type { TestServer } from './server.ts'

export { dockerAnswers } from './docker.ts'
export { type FoundServer, findServer, type TestServer } from './server.ts'
export { mongo, redis }

/** Every server that tests can use. */
export const testServers: readonly TestServer[] = [postgres, mariadb, mongo, redis]
