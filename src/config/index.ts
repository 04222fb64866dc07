export { type Setting, type SettingGroup, settingGroups } from './catalogue.ts'
export { type ExplainedSetting, explainConfig } from './explain.ts'
export { type ConfigSource, type LoadedConfig, loadConfig, loadConfigWithSources } from './load.ts'
export type { Config } from './schema.ts'
