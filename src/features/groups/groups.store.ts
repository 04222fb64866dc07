import type { Store, Stored } from '../../store/index.ts'

/** A named set of users. Which users is kept with the users; `id` is the name without differences of case. */
export interface Group {
  readonly id: string
  readonly name: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly createdBy: string | null
}

export interface GroupStore {
  /** By a name in any spelling. */
  find(name: string): Promise<Group | null>
  list(): Promise<Group[]>
  /** Errors: `conflict`. */
  insert(group: Omit<Group, 'id'>): Promise<Group>
  remove(name: string): Promise<void>
}

export function createGroupStore(store: Store): GroupStore {
  const groups = store.collection<Group>({ name: 'groups' })
  const docOf = ({ doc }: Stored<Group>) => doc
  return {
    async find(name) {
      return (await groups.get(keyOf(name)))?.doc ?? null
    },
    list: async () => (await groups.find()).map(docOf),
    insert: async (group) => docOf(await groups.insert({ ...group, id: keyOf(group.name) })),
    async remove(name) {
      await groups.remove(keyOf(name))
    },
  }
}

const keyOf = (name: string) => name.normalize('NFKC').toLowerCase()
