import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { commit, mostAtOnce, type Outcome, type Statement } from './commit.ts'
import { openDatabase, prepareToWrite } from './database.ts'
import { watchForeignChanges } from './foreign-changes.ts'

/*
 * The thread that writes. It imports no more than it must: each store waits for it to start, and carries its memory.
 */

export interface WriterData {
  readonly path: string
  readonly busyTimeoutMs: number
}

/** What the thread is asked: statements, in their order, or to end when all of them are done. */
export type ToWriter = readonly Statement[] | 'end'

/** What it says: the outcomes of so many of the statements, in their order, or that another program wrote. */
export type FromWriter = readonly Outcome[] | 'foreign change'

function serve(port: MessagePort, { path, busyTimeoutMs }: WriterData): void {
  const database = openDatabase(path, busyTimeoutMs)
  prepareToWrite(database)
  const say = (message: FromWriter) => port.postMessage(message)
  const foreign = watchForeignChanges(database, () => say('foreign change'))
  port.on('message', (message: ToWriter) => {
    let next: ToWriter | undefined = message
    while (next !== undefined && next !== 'end') {
      const statements = [...next]
      next = undefined
      // What came while the disk was busy is written at once.
      while (statements.length < mostAtOnce && next === undefined) {
        const more: { message: ToWriter } | undefined = receiveMessageOnPort(port)
        if (more === undefined) break
        if (more.message === 'end') next = 'end'
        else statements.push(...more.message)
      }
      say(commit(database, statements))
    }
    if (next === 'end') {
      foreign.end()
      database.close()
      port.close()
    }
  })
}

if (parentPort) serve(parentPort, workerData as WriterData)
