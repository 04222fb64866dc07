/** A room's name, with `!types` where only types may be imported from it. */
type Allowed = string

export interface Room {
  readonly level: number
  readonly mayImport: readonly Allowed[]
}

const everythingBelowFeatures = [
  'base',
  'config',
  'pipeline',
  'access',
  'store',
  'bus',
  'render',
  'mail',
  'rows',
  'connectors',
  'catalog',
  'auth',
  'jobs',
  'data',
  'http',
]
const everything = [...everythingBelowFeatures, 'features', 'processes', 'cli']
const adapterRoom: Room = { level: 2, mayImport: ['base', 'config!types'] }
const connectorsRoom: Room = { level: 2, mayImport: ['base', 'config!types', 'pipeline'] }
const appRoom: Room = { level: 3, mayImport: ['base', 'config', 'access', 'store', 'bus'] }

/** The rooms of the house, as docs/ARCHITECTURE.md has them. */
export const roomsTable: Readonly<Record<string, Room>> = {
  base: { level: 0, mayImport: [] },
  config: { level: 1, mayImport: ['base'] },
  pipeline: { level: 1, mayImport: ['base'] },
  access: { level: 2, mayImport: ['base', 'pipeline'] },
  // Both make a client of MongoDB from the same settings: docs/decisions/0013-mongodb-settings-in-config.md
  store: { level: 2, mayImport: ['base', 'config'] },
  bus: adapterRoom,
  render: adapterRoom,
  mail: adapterRoom,
  rows: { level: 2, mayImport: ['base', 'config', 'pipeline'] },
  connectors: connectorsRoom,
  catalog: appRoom,
  auth: appRoom,
  jobs: appRoom,
  data: { level: 4, mayImport: ['base', 'config', 'pipeline', 'access', 'bus', 'rows', 'connectors', 'catalog'] },
  http: { level: 5, mayImport: ['base', 'config', 'access', 'auth'] },
  features: { level: 6, mayImport: everythingBelowFeatures },
  processes: { level: 7, mayImport: everything },
  cli: { level: 7, mayImport: everything },
}

export type Permission = 'all' | 'types' | 'none'

export function permission(from: string, to: string): Permission {
  const allowed = roomsTable[from]?.mayImport ?? []
  if (allowed.includes(to)) return 'all'
  return allowed.includes(`${to}!types`) ? 'types' : 'none'
}
