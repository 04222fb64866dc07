import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { storageProblem } from './problems.ts'

export interface Folders {
  readonly rows: string
  readonly tmp: string
}

/** Makes the folders of a home and removes what a killed process left unfinished in them. Errors: `storage_failed`. */
export async function prepareFolders(home: string): Promise<Folders> {
  const folders = { rows: join(home, 'rows'), tmp: join(home, 'tmp') }
  try {
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
    await removeLeftovers(folders.tmp)
    return folders
  } catch (error) {
    throw storageProblem(`The rows under ${home} cannot be opened.`, error)
  }
}

/** A folder for unfinished work that tells whose it is, so that the next process knows what nobody is working on any more. */
export function scratchFolder(tmpFolder: string, name: string): string {
  return join(tmpFolder, `rows-${process.pid}-${name}`)
}

/**
 * Removes the scratch folders of processes that are gone, and of this one's pid: a home has one opener in a process, so they were
 * left by an earlier process that had the same pid (in a container it is always the same).
 */
async function removeLeftovers(tmpFolder: string): Promise<void> {
  for (const name of await readdir(tmpFolder)) {
    const pid = Number(/^rows-(\d+)-/.exec(name)?.[1])
    if (pid === process.pid || (Number.isInteger(pid) && !isAlive(pid))) {
      await rm(join(tmpFolder, name), { recursive: true, force: true })
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
