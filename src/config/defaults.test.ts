import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { loadConfig } from './index.ts'

const cwd = mkdtempSync(join(tmpdir(), 'laputa-config-'))
afterAll(() => rmSync(cwd, { recursive: true }))

it('defaults apply without a file and without variables, in milliseconds and bytes', () => {
  expect(loadConfig({ env: {}, cwd })).toEqual({
    home: join(cwd, 'var'),
    http: {
      host: '127.0.0.1',
      port: 8080,
      trust_proxy: [],
      body_limit: 1024 ** 2,
      upload_limit: 512 * 1024 ** 2,
      docs_page: true,
    },
    store: { kind: 'sqlite' },
    rows: { kind: 'duckdb', memory_limit: 1024 ** 3, threads: 2 },
    bus: { kind: 'memory', cache_size: 64 * 1024 ** 2 },
    query: {
      timeout: 30_000,
      max_rows: 100_000,
      max_steps: 200,
      max_fetched_rows: 1_000_000,
      max_native_rows: 50_000,
      cache: {
        status: 'enable',
        ttl: 300_000,
        stale_while_revalidate: 0,
        error_ttl: 5000,
        max_entry: 8 * 1024 ** 2,
        memory: 64 * 1024 ** 2,
        min_time: 50,
        fresh_reads: 30,
      },
    },
    permissions: { when_unset: 'deny' },
    auth: {
      token_lifetime: 43_200_000,
      throttle: { attempts: 5, window: 60_000, cool_down: 60_000 },
      password: { min_length: 9 },
    },
    uploads: { max_columns: 1000 },
    connections: {
      allow: [],
      timeout: 30_000,
      max_rows: 1_000_000,
      max_bytes: 256 * 1024 ** 2,
      concurrency: 4,
      old_secrets_keys: [],
      refresh_timeout: 3_600_000,
      refresh_max_rows: 50_000_000,
    },
    mongo: {
      database: 'laputa',
      tls: false,
      tls_ca_file: '',
      tls_certificate_file: '',
      max_pool: 20,
      min_pool: 0,
      read_preference: 'primary',
      connect_timeout: 10_000,
      server_timeout: 10_000,
      socket_timeout: 300_000,
    },
    redis: {
      mode: 'single',
      nodes: [],
      sentinel_name: 'mymaster',
      username: '',
      database: 0,
      tls: false,
      tls_ca_file: '',
      prefix: 'laputa',
      connect_timeout: 5000,
      command_timeout: 2000,
    },
    jobs: {
      heavy: 2,
      fast: 8,
      lease: 10_000,
      drain: 20_000,
      isolate: 'auto',
      memory: 2 * 1024 ** 3,
      keep: 30 * 86_400_000,
      idempotency: 86_400_000,
    },
    web: { workers: 5 },
    live: { port: 8081, max_clients: 20_000, ticket: 15_000, buffer: 256 * 1024 },
    scheduler: { lease: 10_000 },
    health: { host: '127.0.0.1', port: 0, public_metrics: false },
    audit: { retention: 730 * 86_400_000 },
    log: { level: 'info' },
  })
})
