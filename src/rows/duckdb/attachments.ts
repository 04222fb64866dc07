import { access, rm } from 'node:fs/promises'
import type { SqlSource } from '../../pipeline/index.ts'
import type { VersionInfo } from '../port.ts'
import { storageProblem } from '../problems.ts'
import type { Session } from './session.ts'
import { attach, detach, fileOf, isVersion, readInfo, readLists } from './version-file.ts'

/** Files that stay open without a reader, so that the next one need not open them again. */
const idleFiles = 64

interface Opened {
  readonly info: VersionInfo
  /** As of the source that its table is. */
  readonly lists: SqlSource['lists']
}

/** A version that stays readable, under `catalogOf(version)`, until `end`. */
export interface Loan extends Opened {
  end(): void
}

/** The version files that are open, and who reads them. */
export interface Attachments {
  /** Null when there is no such version. Errors: `storage_failed` when its file is damaged. */
  borrow(version: string): Promise<Loan | null>
  /** Takes a version away. Who has borrowed it reads on: the file's name is gone, its content goes with the last reader. */
  remove(version: string): Promise<void>
}

interface Attached extends Opened {
  readers: number
  /** Nobody new gets it, and the last reader's return detaches it. */
  removed: boolean
}

/** `session` is used for nothing else: attaching and detaching happen one after the other on it. */
export function createAttachments({ folder, session }: { folder: string; session: Session }): Attachments {
  // In the order of their last use.
  const attached = new Map<string, Attached>()
  const inTurn = createTurns()

  /** Decided without waiting, so that nobody borrows what is about to be detached: they wait for their turn to attach it anew. */
  function letGo(version: string): void {
    attached.delete(version)
    void inTurn(() => detach(session, version)).catch(() => {})
  }

  function giveBack(version: string, entry: Attached): void {
    entry.readers--
    if (entry.readers > 0) return
    if (entry.removed) letGo(version)
    const idle = [...attached].filter(([, { readers }]) => readers === 0)
    for (const [oldest] of idle.slice(0, Math.max(0, idle.length - idleFiles))) letGo(oldest)
  }

  function take(version: string): Loan | null {
    const entry = attached.get(version)
    if (entry === undefined || entry.removed) return null
    entry.readers++
    attached.delete(version)
    attached.set(version, entry)
    let ended = false
    const end = () => {
      if (!ended) giveBack(version, entry)
      ended = true
    }
    return { info: entry.info, lists: entry.lists, end }
  }

  async function open(version: string): Promise<Loan | null> {
    if (!attached.has(version)) {
      const path = fileOf(folder, version)
      if (!(await exists(path))) return null
      attached.set(version, { ...(await attachAndRead(session, { path, version })), readers: 0, removed: false })
    }
    return take(version)
  }

  return {
    borrow: async (version) => {
      if (!isVersion(version)) return null
      try {
        return take(version) ?? (await inTurn(() => open(version)))
      } catch (error) {
        throw storageProblem('The rows of this version cannot be opened.', error)
      }
    },
    remove: (version) =>
      inTurn(async () => {
        const entry = attached.get(version)
        if (entry !== undefined) entry.removed = true
        await rm(fileOf(folder, version), { force: true })
        if (entry?.readers === 0) letGo(version)
      }),
  }
}

async function attachAndRead(session: Session, file: { path: string; version: string }): Promise<Opened> {
  await attach(session, file)
  try {
    const info = await readInfo(session, file)
    return { info, lists: await readLists(session, info) }
  } catch (error) {
    await detach(session, file.version)
    throw error
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Runs one after the other what it is given, whether or not the one before succeeded. */
function createTurns(): <R>(work: () => Promise<R>) => Promise<R> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const turn = last.then(work, work)
    last = turn.catch(() => {})
    return turn
  }
}
