import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalJson, isProblem, Problem } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import type { Core } from './core.ts'
import { between } from './failures.ts'
import type { OperationRecord } from './operation-record.ts'

export type Step = (record: OperationRecord) => OperationRecord

/** The record of an operation that runs here. Writes follow each other, and stop as soon as this attempt is no longer the latest. */
export interface FencedRecord {
  current(): OperationRecord
  /**
   * A store that does not answer is asked until it does. Errors: `precondition_failed` when somebody else has the operation;
   * those of the store that are about what is to be written.
   */
  change(step: Step): Promise<OperationRecord>
  /** Nothing is written any more. */
  giveUp(): void
}

export interface FenceOptions {
  readonly begun: Stored<OperationRecord>
  /** After each look at the record: somebody may have asked for its end. */
  readonly seen: (record: OperationRecord) => void
  readonly lost: () => void
}

/** How long to wait before a store that failed is asked again, in milliseconds. */
const storeRest = [200, 600] as const

export function createFencedRecord(core: Core, { begun, seen, lost }: FenceOptions): FencedRecord {
  const { operations, log } = core
  const { id, attempt } = begun.doc
  let { doc: record, version } = begun
  let isLost = false
  let last: Promise<unknown> = Promise.resolve()

  function adopt(stored: Stored<OperationRecord>): void {
    ;({ doc: record, version } = stored)
    seen(record)
  }

  function lose(): Problem {
    if (!isLost) lost()
    isLost = true
    return new Problem('precondition_failed', `The operation ${id} is run by somebody else by now.`)
  }

  const isOurs = ({ state, attempt: latest, lease }: OperationRecord) =>
    state === 'running' && latest === attempt && lease?.owner === core.owner

  /** Looks who was faster: somebody who wants it cancelled, whoever has it now, or we, when an answer was lost on its way. */
  async function lookAgain(wanted: OperationRecord): Promise<boolean> {
    const stored = await operations.get(id)
    if (!stored) throw lose()
    const isWritten = canonicalJson(stored.doc) === canonicalJson(wanted)
    if (!isWritten && !isOurs(stored.doc)) throw lose()
    adopt(stored)
    return isWritten
  }

  async function tryToWrite(wanted: OperationRecord): Promise<boolean> {
    try {
      adopt(await operations.replace(wanted, version))
      return true
    } catch (error) {
      if (isProblem(error, 'precondition_failed')) return lookAgain(wanted)
      throw error
    }
  }

  async function write(step: Step): Promise<OperationRecord> {
    for (let failed = false; ; ) {
      if (isLost) throw lose()
      try {
        if (await tryToWrite(step(record))) return record
      } catch (error) {
        if (isLost || isAboutContent(error)) throw error
        if (!failed) log.warn({ err: error, operation: id }, 'The record of a running operation cannot be written yet.')
        failed = true
        await sleep(between(...storeRest))
      }
    }
  }

  return {
    current: () => record,
    change(step) {
      const written = last.then(() => write(step))
      last = written.catch(() => {})
      return written
    },
    giveUp: () => {
      isLost = true
    },
  }
}

/** Asking again would not help: it is about what is to be written, not about the store. */
function isAboutContent(error: unknown): boolean {
  return isProblem(error) && (error.status < 500 || error.code === 'internal')
}
