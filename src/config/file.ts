import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Environment, fileVariable } from './environment.ts'
import type { Reading } from './reading.ts'
import { readYaml } from './yaml.ts'

const defaultFile = 'laputa.yml'

/** The settings of `laputa.yml` in `cwd`, or of the file that `LAPUTA_CONFIG` names: that one has to be there. */
export function readConfigFile(env: Environment, cwd: string): Reading {
  const named = env[fileVariable]
  if (named === '') return failed(fileVariable, 'Empty. Give it the path of a file, or unset it.')
  const name = named ?? defaultFile
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(resolve(cwd, name)))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (named === undefined && code === 'ENOENT') return { given: [], problems: [] }
    return failed(named === undefined ? name : fileVariable, unreadable(name, code))
  }
  return readYaml(text, name)
}

function failed(source: string, message: string): Reading {
  return { given: [], problems: [{ path: '', source, message }] }
}

function unreadable(name: string, code: string | undefined): string {
  if (code === 'ENOENT') return `There is no file ${name}. Correct the path, or make the file.`
  if (code === 'EISDIR') return `${name} is a folder. Give the path of a file.`
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return `${name} is not UTF-8 text. Save it as UTF-8.`
  return `${name} cannot be read (${code ?? 'unknown reason'}). Check its permissions.`
}
