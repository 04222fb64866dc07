import { resolve } from 'node:path'
import { isObject, Problem, type ProblemItem } from '../base/index.ts'
import { settingsByPath } from './catalogue.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { readConfigFile } from './file.ts'
import type { Given } from './reading.ts'
import { type Config, configSchema } from './schema.ts'
import type { SettingMeta } from './setting.ts'

export interface ConfigSource {
  /** Default: the environment of the process. */
  readonly env?: Environment
  /** Where `laputa.yml` is looked for, and where relative paths start. Default: the working directory. */
  readonly cwd?: string
}

/** `given`: what was set, and where, by path. A setting that is not in it has its default. */
export interface LoadedConfig {
  readonly config: Config
  readonly given: ReadonlyMap<string, Given>
}

/**
 * Defaults, over them the file, over it the environment. Deeply frozen. Errors: `config_invalid`, whose `errors` list
 * everything that is wrong in both, each with its path, its source and what to do; secret values never stand in them.
 */
export function loadConfig(source: ConfigSource = {}): Config {
  return loadConfigWithSources(source).config
}

/** As `loadConfig`, with where each value comes from. */
export function loadConfigWithSources({ env = process.env, cwd = process.cwd() }: ConfigSource = {}): LoadedConfig {
  const readings = [readConfigFile(env, cwd), readEnvironment(env)]
  const problems = readings.flatMap((reading) => [...reading.problems, ...reading.given.flatMap(refusalOf)])
  if (problems.length > 0) throw invalid(problems)
  const given = new Map(readings.flatMap((reading) => reading.given).map((one) => [one.path, one]))
  const config = configSchema.parse(nested(given))
  return { config: frozen({ ...config, home: resolve(cwd, config.home) }), given }
}

function invalid(problems: readonly ProblemItem[]): Problem {
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new Problem('config_invalid', `The configuration has ${many}.`, { errors: problems })
}

/** Each source is checked by itself: a value that another one overrides has to be right too. */
function refusalOf({ path, value, source }: Given): ProblemItem[] {
  const setting = settingsByPath.get(path)
  if (!setting || setting.schema.safeParse(value).success) return []
  const { expected, example } = setting.meta
  const message = `${shown(value, setting.meta)} is not ${expected}. Write for example: ${JSON.stringify(example)}`
  return [{ path, source, message }]
}

function shown(value: unknown, { secret }: SettingMeta): string {
  if (secret) return 'The value (not shown)'
  if (value === null) return 'An empty value'
  if (isObject(value)) return 'A group of settings'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function nested(given: ReadonlyMap<string, Given>): unknown {
  const root: Record<string, unknown> = {}
  for (const [path, { value }] of given) {
    const names = path.split('.')
    const last = names.pop() ?? path
    let group = root
    for (const name of names) {
      const inner = isObject(group[name]) ? group[name] : {}
      group[name] = inner
      group = inner
    }
    group[last] = value
  }
  return root
}

function frozen<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) frozen(member)
  return Object.freeze(value)
}
