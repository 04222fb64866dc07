import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCommand } from '../../src/cli/start.ts'
import { type Config, settingGroups } from '../../src/config/index.ts'

export const root = join(import.meta.dirname, '..', '..')

export const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** What the program would say to this command line; null when it takes it. Nothing is started. */
export function refusalOf(argv: readonly string[]): string | null {
  const [first, ...rest] = argv
  if (first !== 'start') return `"${first}" is not start`
  const command = startCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  try {
    const { operands, unknown } = command.parseOptions([...rest])
    return [...operands, ...unknown].join(' ') || null
  } catch (error) {
    return String(error)
  }
}

const variables = new Set(settingGroups.flatMap(({ settings }) => settings.map(({ variable }) => variable)))

/** Names that look like settings and are none. */
export function unknownSettings(names: Iterable<string>): readonly string[] {
  return [...names].filter((name) => name.startsWith('LAPUTA_') && name !== 'LAPUTA_CONFIG' && !variables.has(name))
}

/** What the processes of the web role may take in all, where each has these settings: rows, cached answers, and themselves. */
export function webMemory({ web, rows, query }: Config): number {
  const itself = 150 * 1024 ** 2
  return web.workers * (rows.memory_limit + query.cache.memory + itself) + itself
}

/** What a worker may take with the children of its jobs. */
export function workerMemory({ jobs, rows, query }: Config): number {
  return jobs.heavy * jobs.memory + rows.memory_limit + query.cache.memory + 150 * 1024 ** 2
}

/** Bytes of a text such as `4g`. */
export function bytes(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mg])$/i.exec(text) ?? []
  return Number(count) * 1024 ** (unit.toLowerCase() === 'g' ? 3 : 2)
}

/** Milliseconds of a text such as `60s`. */
export function seconds(text: string): number {
  return Number(/^(\d+)s?$/.exec(text)?.[1]) * 1000
}
