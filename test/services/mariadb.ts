import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { startImage } from './docker.ts'
import { findProgram, freePort, runOnce, startProgram, temporaryFolder, unprivilegedUser, writeFor } from './program.ts'
import type { RunningServer, TestServer } from './server.ts'

export const mariadb: TestServer = {
  name: 'mariadb',
  variable: 'LAPUTA_TEST_MARIADB_URL',
  part: 'pipelines on MariaDB',
  packages: ['mariadb-server'],
  usedBy: ['test/conformance', 'src/pipeline/sql'],
  isInstalled: () => programs() !== null,
  ways: [startInstalled, startContainer],
  versionOf,
}

async function versionOf(url: string): Promise<string> {
  const connection = await createConnection({ uri: url, connectTimeout: 2000 })
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT version() AS version')
    return String(rows[0]?.version ?? 'unknown').split('-')[0] ?? 'unknown'
  } finally {
    await connection.end()
  }
}

async function startInstalled(): Promise<RunningServer | null> {
  const found = programs()
  if (!found) return null
  const { command, install } = found
  const user = unprivilegedUser(['mysql'])
  const folder = temporaryFolder('mariadb', user)
  const data = join(folder, 'data')
  await runOnce(
    install,
    [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--cross-bootstrap',
    ],
    { folder, user },
  )
  const password = randomBytes(12).toString('hex')
  const account = join(folder, 'account.sql')
  writeFor(
    user,
    account,
    `CREATE DATABASE laputa;
CREATE USER laputa@'127.0.0.1' IDENTIFIED BY '${password}';
GRANT ALL ON *.* TO laputa@'127.0.0.1';
`,
  )
  const port = await freePort()
  const url = `mysql://laputa:${password}@127.0.0.1:${port}/laputa`
  const program = await startProgram({
    command,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--init-file=${account}`,
      // As Debian configures it: text is compared without case. What has to be compared by code points must say so.
      '--character-set-server=utf8mb4',
      '--collation-server=utf8mb4_general_ci',
      // Nothing here has to outlive the run, so it never waits for the disk.
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=0',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=16M',
    ],
    folder,
    user,
    stopSignal: 'TERM',
    greet: () => versionOf(url),
    patienceMs: 30_000,
  })
  return { url, version: await versionOf(url), stop: program.stop }
}

function programs(): { command: string; install: string } | null {
  // For people other than root, Debian keeps servers out of PATH.
  const command = findProgram('mariadbd', ['/usr/sbin', '/usr/libexec'])
  const install = findProgram('mariadb-install-db')
  return command && install ? { command, install } : null
}

function startContainer(): Promise<RunningServer | null> {
  const password = randomBytes(12).toString('hex')
  return startImage({
    name: 'mariadb:10.11',
    port: 3306,
    environment: { MARIADB_ROOT_PASSWORD: password, MARIADB_DATABASE: 'laputa' },
    url: (port) => `mysql://root:${password}@127.0.0.1:${port}/laputa`,
    versionOf,
  })
}
