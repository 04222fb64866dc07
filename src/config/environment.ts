import type { ProblemItem } from '../base/index.ts'
import { groupPaths, settingsByVariable, variableOf } from './catalogue.ts'
import { type Given, type Reading, unknownName } from './reading.ts'
import type { SettingMeta } from './setting.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Names the file itself, so it is not a setting. */
export const fileVariable = 'LAPUTA_CONFIG'

const groupVariables = new Set([...groupPaths].filter((path) => path !== '').map(variableOf))

/** The settings among the environment's variables. `LAPUTA_TEST_…` belongs to the tests and is left alone. */
export function readEnvironment(env: Environment): Reading {
  const given: Given[] = []
  const problems: ProblemItem[] = []
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith('LAPUTA_') || name.startsWith('LAPUTA_TEST_') || name === fileVariable)
      continue
    const setting = settingsByVariable.get(name)
    if (!setting) problems.push(unknownVariable(name))
    else if (text === '')
      problems.push({ path: setting.path, source: name, message: 'Empty. Give it a value, or unset it.' })
    else given.push({ path: setting.path, source: name, value: readText(text, setting.meta) })
  }
  return { given, problems }
}

function unknownVariable(name: string): ProblemItem {
  const names = [...settingsByVariable.keys()]
  if (!groupVariables.has(name)) return unknownName(name, name, names)
  const nearest = names.filter((known) => known.startsWith(`${name}__`))
  const message = `This names a group. Set what is inside it: ${nearest.join(', ')}.`
  return { path: name, source: name, message, nearest }
}

/** The value that a file would have said. What does not fit is left as text: the schema refuses it with the right words. */
function readText(text: string, { kind, secret }: SettingMeta): unknown {
  if (secret && kind !== 'list') return text
  const trimmed = text.trim()
  if (kind === 'integer' && /^[+-]?\d+$/.test(trimmed)) return Number(trimmed)
  if (kind === 'boolean' && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true'
  if (kind === 'list')
    return trimmed
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  return trimmed
}
