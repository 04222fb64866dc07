import { spawnSync } from 'node:child_process'
import { freePort, startProgram, temporaryFolder } from './program.ts'
import type { RunningServer } from './server.ts'

export interface Image {
  readonly name: string
  readonly port: number
  readonly environment: Readonly<Record<string, string>>
  url(port: number): string
  versionOf(url: string): Promise<string>
}

/** Time for pulling the image too. */
const patienceMs = 240_000

export function dockerAnswers(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0
}

/** A server in a container, where Docker answers. The container ends, and is removed, with its client. */
export async function startImage(image: Image): Promise<RunningServer | null> {
  if (!dockerAnswers()) return null
  const port = await freePort()
  const url = image.url(port)
  const variables = Object.entries(image.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const program = await startProgram({
    command: 'docker',
    args: ['run', '--rm', '--init', '--publish', `127.0.0.1:${port}:${image.port}`, ...variables, image.name],
    folder: temporaryFolder('docker'),
    stopSignal: 'TERM',
    greet: () => image.versionOf(url),
    patienceMs,
  })
  return { url, version: `${await image.versionOf(url)} (Docker)`, stop: program.stop }
}
