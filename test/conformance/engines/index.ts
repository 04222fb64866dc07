import { duckdb } from './duckdb.ts'
import type { ConformanceEngine } from './engine.ts'
import { mariadb } from './mariadb.ts'
import { mongo } from './mongo.ts'
import { postgres } from './postgres.ts'

/** Every engine that fixtures run on. */
export const conformanceEngines: readonly ConformanceEngine[] = [duckdb, postgres, mariadb, mongo]
