/**
 * `npm run docs`: writes the pages of docs/ that are made from the code. With `--check` it writes nothing and fails when one of
 * them is stale.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Setting, type SettingGroup, settingGroups } from '../src/config/index.ts'
import { stepPages } from './docs/step-pages.ts'

const docs = join(import.meta.dirname, '..', 'docs')

/** Generated pages: name in docs/ → text. */
export const pages: Readonly<Record<string, () => string>> = {
  'configuration.md': configurationPage,
  ...stepPages,
}

/** The names of the generated pages whose files do not say what the code says, or that nothing generates any more. */
export function stalePages(folder: string): string[] {
  const changed = Object.entries(pages).filter(([name, page]) => read(join(folder, name)) !== page())
  return [...changed.map(([name]) => name), ...leftOver(folder)]
}

/** Makes the files of `folder` say what the code says. */
export function writePages(folder: string): void {
  for (const [name, page] of Object.entries(pages)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), page())
  }
  for (const name of leftOver(folder)) rmSync(join(folder, name))
}

/** Pages of steps that do not exist any more; everything in their folder is generated. */
function leftOver(folder: string): string[] {
  const steps = join(folder, 'steps')
  const found = existsSync(steps) ? readdirSync(steps) : []
  return found.map((name) => `steps/${name}`).filter((name) => !Object.hasOwn(pages, name))
}

const introduction = `# Configuration

<!-- Made from src/config/schema.ts by \`npm run docs\`. Change it there. -->

Nothing has to be configured. What is set comes, from weakest to strongest, from

1. the defaults below,
2. one YAML file: \`laputa.yml\` in the working directory, or the file that the variable \`LAPUTA_CONFIG\` names,
3. environment variables: \`LAPUTA_\` and the setting's name in capitals, with two underscores where the name has a dot.
   \`http.body_limit\` is \`LAPUTA_HTTP__BODY_LIMIT\`.

\`\`\`yaml
# laputa.yml
home: /srv/laputa
http:
  host: 0.0.0.0
  port: 80
  trust_proxy: [loopback]
query:
  timeout: 10 s
\`\`\`

Durations and sizes are texts with a unit: \`500 ms\`, \`30 s\`, \`5 min\`, \`12 h\`, \`7 days\`, \`2 weeks\`; \`64 KiB\`, \`512 MiB\`, \`2 GiB\`
(powers of 1024), or \`KB\`, \`MB\`, \`GB\` (powers of 1000). In a variable, a list is written with commas: \`LAPUTA_HTTP__TRUST_PROXY=loopback,10.0.0.0/8\`.

\`laputa config check\` lists everything that is wrong, and exits with 1 if anything is. \`laputa config explain\` shows every setting with its
value and where that comes from. Both take \`--json\`. A name that no setting has is an error, in the file and in the environment; variables
that start with \`LAPUTA_TEST_\` are left alone. The program does not start with a configuration that \`check\` refuses.
Secret values are shown nowhere.
`

function configurationPage(): string {
  return `${introduction}\n${settingGroups.map(groupSection).join('\n')}`
}

function groupSection({ path, description, settings }: SettingGroup): string {
  const heading = path === '' ? '## The instance\n' : `## ${path}\n\n${description}\n`
  if (settings.length === 0) return heading
  const rows = settings.map(settingRow)
  return [heading, '| Setting and variable | Default | Meaning |', '|---|---|---|', ...rows, ''].join('\n')
}

function settingRow({ path, variable, meta }: Setting): string {
  const standard = meta.default === null ? 'not set' : `\`${written(meta.default)}\``
  const obvious = meta.secret || written(meta.example) === written(meta.default)
  const example = obvious ? '' : ` Example: \`${written(meta.example)}\`.`
  const secret = meta.secret ? ' Secret.' : ''
  return `| \`${path}\`<br>\`${variable}\` | ${standard} | ${meta.description} Takes ${meta.expected}.${example}${secret} |`
}

function written(value: Setting['meta']['default']): string {
  return typeof value === 'object' && value !== null ? `[${value.join(', ')}]` : String(value)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function main(check: boolean): void {
  if (!check) writePages(docs)
  const stale = stalePages(docs)
  for (const name of stale) console.error(`docs/${name} is stale: run \`npm run docs\`.`)
  if (stale.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'))
