import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCommand } from '../../src/cli/start.ts'
import { settingGroups } from '../../src/config/index.ts'

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

/** Milliseconds of a text such as `60s`. */
export function seconds(text: string): number {
  return Number(/^(\d+)s?$/.exec(text)?.[1]) * 1000
}
