import { readdir } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import type { VersionInfo } from '../port.ts'
import type { Attachments } from './attachments.ts'
import { isBefore, versionIn } from './version-file.ts'

/** Descriptions that are remembered. */
const knownVersions = 1000

/** The finished versions of a folder. */
interface Versions {
  /** Null when there is no such version. Errors: `storage_failed` when its file is damaged. */
  describe(version: string): Promise<VersionInfo | null>
  /** Drops what is not in `keep` and was made before the moment; answers how many. */
  drop(keep: ReadonlySet<string>, before: number): Promise<number>
}

export function createVersions({ folder, attachments }: { folder: string; attachments: Attachments }): Versions {
  const known = new LRUCache<string, VersionInfo>({ max: knownVersions })

  async function describe(version: string): Promise<VersionInfo | null> {
    const remembered = known.get(version)
    if (remembered !== undefined) return remembered
    const loan = await attachments.borrow(version)
    if (loan === null) return null
    known.set(version, loan.info)
    loan.end()
    return loan.info
  }

  async function drop(keep: ReadonlySet<string>, before: number): Promise<number> {
    const all = (await readdir(folder)).map(versionIn).filter((version) => version !== null)
    const unwanted = all.filter((version) => !keep.has(version) && isBefore(version, before))
    for (const version of unwanted) {
      await attachments.remove(version)
      known.delete(version)
    }
    return unwanted.length
  }

  return { describe, drop }
}
