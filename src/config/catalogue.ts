import { z } from 'zod'
import { configSchema } from './schema.ts'
import { groupRegistry, type SettingMeta, settingRegistry } from './setting.ts'

/** One setting. `path` is its dotted name (`http.port`), `variable` the environment variable that sets it. */
export interface Setting {
  readonly path: string
  readonly variable: string
  readonly meta: SettingMeta
  readonly schema: z.ZodType
}

/** Settings that stand together in the file. The path of the outermost group is empty. */
export interface SettingGroup {
  readonly path: string
  readonly description: string
  readonly settings: readonly Setting[]
}

/** All groups in the order of the schema, each before the groups inside it. */
export const settingGroups: readonly SettingGroup[] = groupsOf(configSchema, '')

export const settingsByPath: ReadonlyMap<string, Setting> = new Map(
  settingGroups.flatMap((group) => group.settings).map((setting) => [setting.path, setting]),
)

export const settingsByVariable: ReadonlyMap<string, Setting> = new Map(
  [...settingsByPath.values()].map((setting) => [setting.variable, setting]),
)

export const groupPaths: ReadonlySet<string> = new Set(settingGroups.map((group) => group.path))

/** The environment variable of a setting or group: `http.body_limit` → `LAPUTA_HTTP__BODY_LIMIT`. */
export function variableOf(path: string): string {
  return `LAPUTA_${path.replaceAll('.', '__').toUpperCase()}`
}

function groupsOf(schema: z.ZodObject, path: string, description = ''): SettingGroup[] {
  const settings: Setting[] = []
  const inner: SettingGroup[] = []
  for (const [name, member] of Object.entries(schema.shape)) {
    const at = path === '' ? name : `${path}.${name}`
    const meta = settingRegistry.get(member)
    if (meta) settings.push({ path: at, variable: variableOf(at), meta, schema: member as z.ZodType })
    else if (member instanceof z.ZodPrefault && member.unwrap() instanceof z.ZodObject) {
      inner.push(...groupsOf(member.unwrap() as z.ZodObject, at, groupRegistry.get(member)?.description))
    }
  }
  return [{ path, description, settings }, ...inner]
}
