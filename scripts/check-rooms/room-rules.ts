import { permission, roomsTable } from './rooms-table.ts'
import type { Finding, Import, Source } from './sources.ts'

type Broken = readonly [rule: string, message: string]

/**
 * Which file may import which: the table of rooms, the doors, features apart from each other, no pair of rooms. A test may
 * import any door, its own included, and what lies outside src/.
 */
export function roomFindings(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const findings = sources.filter(({ room }) => roomsTable[room] === undefined).map(notInARoom)
  for (const source of sources) {
    for (const one of source.imports) {
      const broken = brokenBy(source, one, byPath)
      if (broken !== undefined) findings.push(finding(source, one.line, broken))
    }
  }
  return [...findings, ...mutualRooms(sources, byPath)]
}

function finding(source: Source, line: number, [rule, message]: Broken): Finding {
  return { file: `src/${source.path}`, line, rule, message }
}

function notInARoom(source: Source): Finding {
  return finding(source, 1, ['room', `"${source.room || source.path}" is not a room of the table`])
}

function brokenBy(source: Source, one: Import, byPath: ReadonlyMap<string, Source>): Broken | undefined {
  if (one.target === null) return brokenUnresolved(source, one)
  const target = byPath.get(one.target)
  if (target === undefined) return undefined
  if (target.isTest) return ['import', `${one.specifier} is a test`]
  if (target.room === source.room) return brokenInside(source, target)
  if (target.path !== `${target.room}/index.ts`) {
    return ['door', `imports ${target.path} past the door ${target.room}/index.ts`]
  }
  if (source.isTest) return undefined
  const allowed = permission(source.room, target.room)
  if (allowed === 'none') return ['level', `${source.room} may not import ${target.room}`]
  if (allowed === 'types' && !one.typeOnly) return ['level', `${source.room} may import only types of ${target.room}`]
  return undefined
}

function brokenUnresolved(source: Source, { specifier }: Import): Broken | undefined {
  if (specifier === '') return ['import', 'imports something that is not written as a text']
  if (!specifier.startsWith('.') || source.isTest) return undefined
  return ['import', `${specifier} is not a file in src/ (write the ending)`]
}

function brokenInside(source: Source, target: Source): Broken | undefined {
  const isDoor = target.path === `${target.room}/index.ts`
  if (isDoor) return source.isTest ? undefined : ['own-door', `imports its own door ${target.path}`]
  const isTableOfContents = source.path === 'features/index.ts'
  if (isTableOfContents || target.unit === source.unit || target.unit === 'features') return undefined
  return ['feature', `imports another feature: ${target.path}`]
}

function mutualRooms(sources: readonly Source[], byPath: ReadonlyMap<string, Source>): Finding[] {
  const first = new Map<string, { source: Source; line: number }>()
  for (const source of sources.filter(({ isTest }) => !isTest)) {
    for (const { target, line } of source.imports) {
      const room = target === null ? undefined : byPath.get(target)?.room
      if (room === undefined || room === source.room) continue
      const key = `${source.room} ${room}`
      if (!first.has(key)) first.set(key, { source, line })
    }
  }
  return [...first].flatMap(([key, { source, line }]) => {
    const [from = '', to = ''] = key.split(' ')
    return first.has(`${to} ${from}`) ? [finding(source, line, ['pair', `${from} and ${to} import each other`])] : []
  })
}
