import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { describe } from 'vitest'
import { connectorContract } from '../../../test/contracts/connector.contract.ts'
import { connectors } from '../index.ts'

const url = process.env.LAPUTA_TEST_POSTGRES_URL

describe.skipIf(!url)('on a server', () => {
  connectorContract('postgres', async () => {
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    const at = new URL(url ?? '')
    const mark = `m${randomBytes(6).toString('hex')}`
    return {
      connector: connectors.get('postgres')!,
      config: {
        host: at.hostname,
        port: Number(at.port),
        user: at.username,
        password: at.password || 'marker-password',
        database: at.pathname.slice(1),
        ssl: 'disable',
      },
      allow: ['127.0.0.0/8', 'localhost'],
      count: (count) => ({ sql: `select n, 'row ' || n as name from generate_series(1, ${count}) as n` }),
      endless: { sql: `select count(*) as ${mark} from generate_series(1, 100000000000) as n` },
      working: async () => {
        const text = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`
        return (await admin.query(text, [`%${mark}%`])).rowCount ?? 0
      },
      refused: { sql: 'select nothing_like_this from nowhere' },
      close: () => admin.end(),
    }
  })
})
