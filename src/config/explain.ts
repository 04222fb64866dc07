import { settingsByPath } from './catalogue.ts'
import type { LoadedConfig } from './load.ts'
import type { SettingMeta } from './setting.ts'

/** One setting as it stands. `value` is as it was written (folders absolute), and never that of a secret. */
export interface ExplainedSetting {
  readonly path: string
  readonly value: SettingMeta['default']
  /** `default`, `laputa.yml:3`, or the name of an environment variable. */
  readonly source: string
  readonly default: SettingMeta['default']
  readonly variable: string
  readonly secret: boolean
  readonly description: string
}

/** Every setting in the order of the schema, with its value and where that comes from. */
export function explainConfig({ config, given }: LoadedConfig): ExplainedSetting[] {
  return [...settingsByPath.values()].map(({ path, variable, meta }) => {
    const set = given.get(path)
    const written = set === undefined ? meta.default : (set.value as SettingMeta['default'])
    const value = meta.kind === 'folder' ? (valueAt(config, path) as string) : written
    return {
      path,
      value: meta.secret && set ? '(set, not shown)' : value,
      source: set?.source ?? 'default',
      default: meta.default,
      variable,
      secret: meta.secret,
      description: meta.description,
    }
  })
}

function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config)
}
