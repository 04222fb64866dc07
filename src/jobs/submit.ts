import { isProblem, Problem } from '../base/index.ts'
import type { Core } from './core.ts'
import { readArgs } from './definitions.ts'
import { type NewRecord, newIds, newRecord, type OperationRecord } from './operation-record.ts'
import type { JobDefinition, Submission } from './port.ts'
import { without } from './transitions.ts'

/** A submission whose arguments were found to be right. */
type Checked = Pick<NewRecord, 'submission' | 'definition' | 'lock'>

/** How often to look again when what was in the way is gone. */
const attempts = 10

export interface Submit {
  one(submission: Submission): Promise<OperationRecord>
  chain(submissions: readonly Submission[]): Promise<OperationRecord[]>
}

export function createSubmit(core: Core): Submit {
  /** The operation that was submitted with the same key, if it still counts. */
  async function known(first: Checked): Promise<OperationRecord | null> {
    const { key, job, app } = first.submission
    if (key === undefined) return null
    const stored = await core.operations.withKey(key)
    if (!stored) return null
    const { doc, version } = stored
    if (doc.createdAt + core.settings.idempotency <= core.clock.now()) {
      await core.operations.replace(without(doc, 'key'), version)
      return null
    }
    if (doc.job === job && doc.app === app) return doc
    throw new Problem('conflict', `This key was used before, for the job "${doc.job}" (operation ${doc.id}).`)
  }

  async function checkFree({ definition, lock }: Checked): Promise<void> {
    if (lock === undefined || definition.whenLocked !== 'refuse') return
    const holder = await core.operations.withLock(lock)
    if (holder) throw inProgress(holder)
  }

  /** The records of a chain, or those that stand there already by the same key. */
  async function records(chain: readonly Checked[]): Promise<{ records: OperationRecord[]; isNew: boolean }> {
    const [first] = chain
    if (first === undefined) return { records: [], isNew: false }
    for (let attempt = 1; ; attempt++) {
      try {
        const before = await known(first)
        if (before) return { records: await followedBy(core, before), isNew: false }
        for (const part of chain) await checkFree(part)
        return { records: await insertChain(core, chain), isNew: true }
      } catch (error) {
        const isRaced = isProblem(error, 'conflict') || isProblem(error, 'precondition_failed')
        if (!isRaced || attempt === attempts) throw error
      }
    }
  }

  async function submit(submissions: readonly Submission[]): Promise<OperationRecord[]> {
    const checked = submissions.map((submission) => check(core, submission))
    const { records: chain, isNew } = await records(checked)
    if (!isNew) return chain
    for (const record of chain) core.tell('queued', record)
    if (chain[0]) await core.enqueue(chain[0])
    return chain
  }

  return {
    async one(submission) {
      const [record] = await submit([submission])
      if (!record) throw new Problem('internal', 'A submission gave no operation.')
      return record
    },
    chain: submit,
  }
}

/**
 * The last one first: until the first one is there, none of them can begin, and the reaper removes them. So a chain is there as
 * a whole or not at all.
 */
async function insertChain(core: Core, chain: readonly Checked[]): Promise<OperationRecord[]> {
  const now = core.clock.now()
  const ids = newIds(chain.length, now)
  const inserted: OperationRecord[] = []
  try {
    for (let place = chain.length - 1; place >= 0; place--) {
      const part = chain[place]
      const id = ids[place]
      if (!part || id === undefined) continue
      const record = newRecord({ ...part, id, now, after: ids[place - 1], next: ids[place + 1] })
      // The key of the first one stands for the chain.
      inserted.unshift((await core.operations.insert(place === 0 ? record : without(record, 'key'))).doc)
    }
    return inserted
  } catch (error) {
    for (const { id } of inserted) await core.operations.remove(id)
    throw error
  }
}

async function followedBy(core: Core, first: OperationRecord): Promise<OperationRecord[]> {
  const found = [first]
  for (let next = first.next; next !== undefined; ) {
    const stored = await core.operations.get(next)
    if (!stored) break
    found.push(stored.doc)
    next = stored.doc.next
  }
  return found
}

function check({ definitions }: Core, submission: Submission): Checked {
  const definition = definitions.named(submission.job)
  return { submission, definition, lock: lockOf(definition, readArgs(definition, submission.args)) }
}

/** What a job runs under; undefined: nothing. */
export function lockOf(definition: JobDefinition, args: unknown): string | undefined {
  return definition.lock?.(args)
}

export function inProgress(holder: OperationRecord): Problem {
  return new Problem('in_progress', `The operation ${holder.id} (${holder.job}) does the same.`, {
    errors: [{ path: '/operation', message: holder.id }],
  })
}
