import { usernameKey } from '../../auth/index.ts'
import { isProblem } from '../../base/index.ts'
import type { Store } from '../../store/index.ts'

/** When a user signed in: milliseconds since 1970, the oldest first. Apart from the user, whose record is read at each request. */
interface Logins {
  readonly id: string
  readonly dates: readonly number[]
}

const mostKept = 50
const mostAttempts = 10

export interface LoginStore {
  record(username: string, at: number): Promise<void>
  /** By the ids of users; those who never signed in are missing. */
  of(ids: readonly string[]): Promise<ReadonlyMap<string, readonly number[]>>
  remove(username: string): Promise<void>
}

export function createLoginStore(store: Store): LoginStore {
  const logins = store.collection<Logins>({ name: 'user_logins' })

  async function append(id: string, at: number): Promise<void> {
    const before = await logins.get(id)
    const dates = [...(before?.doc.dates ?? []), at].slice(-mostKept)
    await (before ? logins.replace({ id, dates }, before.version) : logins.insert({ id, dates }))
  }

  return {
    async record(username, at) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await append(usernameKey(username), at)
        } catch (error) {
          const raced = isProblem(error, 'precondition_failed') || isProblem(error, 'conflict')
          if (!raced || attempt >= mostAttempts) throw error
        }
      }
    },
    async of(ids) {
      const found = await logins.find({ field: 'id', in: ids })
      return new Map(found.map(({ doc }) => [doc.id, doc.dates]))
    },
    async remove(username) {
      await logins.remove(usernameKey(username))
    },
  }
}
