import { join } from 'node:path'
import ts from 'typescript'

/** The errors of types in a file of the program, were its text another one. The program is read once. */
export function createTypeCheck(root: string): (path: string, text: string) => string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.build.json'),
    { noEmit: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  )
  if (!config) throw new Error('tsconfig.build.json cannot be read')
  const host = ts.createCompilerHost(config.options, true)
  const read = host.getSourceFile
  const changed = new Map<string, ts.SourceFile>()
  const known = new Map<string, ts.SourceFile | undefined>()
  host.getSourceFile = (name, ...options) => {
    const other = changed.get(name)
    if (other) return other
    if (!known.has(name)) known.set(name, read(name, ...options))
    return known.get(name)
  }
  let program = ts.createProgram(config.fileNames, config.options, host)
  return (path, text) => {
    changed.clear()
    changed.set(path, ts.createSourceFile(path, text, config.options.target ?? ts.ScriptTarget.Latest, true))
    program = ts.createProgram(config.fileNames, config.options, host, program)
    const source = program.getSourceFile(path)
    if (!source) throw new Error(`${path} is no part of the program`)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
  }
}
