import { commit, mostAtOnce } from './commit.ts'
import type { Sqlite } from './database.ts'
import { watchForeignChanges } from './foreign-changes.ts'
import { tellAll, type Waiting, type Writer } from './writer.ts'

/**
 * Writes in the thread that asks, at the end of its turn. For what writes seldom: each commit holds the thread up until the disk has it.
 * Reads see a group only as a whole, since it begins and ends in one turn.
 */
export function createWriterHere(database: Sqlite): Writer {
  const waiting: Waiting[] = []
  const foreign = watchForeignChanges(database)
  let isScheduled = false

  function commitSome(): void {
    const group = waiting.splice(0, mostAtOnce)
    if (group.length === 0) return
    const statements = group.map(({ statement }) => statement)
    tellAll(group, commit(database, statements))
  }

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      commitSome()
      if (waiting.length > 0) schedule()
    })
  }

  return {
    write: (statement, settled) =>
      new Promise((tell) => {
        waiting.push({ statement, settled, tell })
        schedule()
      }),
    foreignChanges: foreign.count,
    async close() {
      while (waiting.length > 0) commitSome()
      foreign.end()
    },
  }
}
