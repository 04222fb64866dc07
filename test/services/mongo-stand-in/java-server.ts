import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { findProgram, freePort, type Program, runOnce, startProgram, temporaryFolder } from '../program.ts'

const source = join(import.meta.dirname, 'MongoStandIn.java')
const pom = join(import.meta.dirname, 'pom.xml')
const root = join(import.meta.dirname, '..', '..', '..')

export interface JavaServer extends Program {
  readonly url: string
}

/** It answers `hello` at once, also those that want to be told of a change: drivers would ask on and on. */
export const standInOptions = 'directConnection=true&serverMonitoringMode=poll'

export interface JavaServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Where it keeps what is written. Default: in memory. */
  readonly file?: string
}

/** mongo-java-server, where Java and Maven are installed; null where they are not. */
export async function startJavaServer({ port: wanted, file }: JavaServerOptions = {}): Promise<JavaServer | null> {
  const programs = javaPrograms()
  if (!programs) return null
  const { java, javac, maven } = programs
  const built = await build(javac, maven)
  const port = wanted ?? (await freePort())
  const url = `mongodb://127.0.0.1:${port}/?${standInOptions}`
  const program = await startProgram({
    command: java,
    // The server compares values of different types in a way that the newer sort refuses.
    args: [
      '-Xmx512m',
      '-Djava.util.Arrays.useLegacyMergeSort=true',
      '-cp',
      `${built}/*:${built}`,
      'MongoStandIn',
      String(port),
      ...(file === undefined ? [] : [file]),
    ],
    folder: temporaryFolder('mongo'),
    stopSignal: 'TERM',
    greet: () => ping(url),
    patienceMs: 30_000,
  })
  return { url, stop: program.stop }
}

export function javaPrograms(): { java: string; javac: string; maven: string } | null {
  const [java, javac, maven] = [findProgram('java'), findProgram('javac'), findProgram('mvn')]
  return java && javac && maven ? { java, javac, maven } : null
}

/** The folder with the compiled class and its libraries: made once for each version of the sources. */
async function build(javac: string, maven: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(source)).update(readFileSync(pom)).digest('hex').slice(0, 16)
  const folder = join(root, 'node_modules', '.cache', `mongo-stand-in-${hash}`)
  if (existsSync(folder)) return folder
  // Made aside and renamed, so that a build that was cut off is never taken for one.
  const made = `${folder}.${process.pid}`
  mkdirSync(made, { recursive: true })
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${made}`, '-DincludeScope=runtime']
    await runOnce(maven, ['-B', '-q', '-f', pom, ...goal], { folder: made })
    await runOnce(javac, ['-d', made, '-cp', `${made}/*`, source], { folder: made })
    renameSync(made, folder)
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
  return folder
}

async function ping(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000 })
  try {
    await client.db('admin').command({ ping: 1 })
  } finally {
    await client.close()
  }
}
