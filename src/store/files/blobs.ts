import { createReadStream, renameSync, statSync, unlinkSync, utimesSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type Log, newId, Problem } from '../../base/index.ts'
import { checkRange, hashPattern, type Range } from '../blob-names.ts'
import { countBytes } from '../count-bytes.ts'
import type { Blobs } from '../port.ts'

interface Deps {
  readonly clock: Clock
  readonly log: Log
}

/** `tmp/` is shared with other rooms: only files with this prefix are ours. */
const temporaryPrefix = 'blob-'

/**
 * Blobs as files: `<home>/blobs/ab/<hash>`, written in `<home>/tmp/` and renamed. What a killed process left there is removed
 * now, so only one process may have the home.
 */
export async function openBlobs(home: string, deps: Deps): Promise<Blobs> {
  const folders = { blobs: join(home, 'blobs'), tmp: join(home, 'tmp') }
  await onDisk(async () => {
    await mkdir(folders.blobs, { recursive: true })
    await mkdir(folders.tmp, { recursive: true })
    await syncFolder(home)
    await removeLeftovers(folders.tmp, deps.log)
  })
  return {
    put: (content) => put(folders, content, deps.clock),
    get: (hash, range) => get(folders.blobs, hash, range),
    sweep: (keep, graceMs) => onDisk(() => sweep(folders.blobs, keep, deps.clock.now() - graceMs)),
  }
}

async function removeLeftovers(tmp: string, log: Log): Promise<void> {
  const leftovers = (await readdir(tmp)).filter((name) => name.startsWith(temporaryPrefix))
  for (const name of leftovers) await rm(join(tmp, name), { force: true })
  if (leftovers.length > 0) log.info({ files: leftovers.length }, 'Removed unfinished blobs of a process that died.')
}

interface Folders {
  readonly blobs: string
  readonly tmp: string
}

async function put(folders: Folders, content: AsyncIterable<Uint8Array>, clock: Clock) {
  const temporary = join(folders.tmp, `${temporaryPrefix}${newId(clock.now())}`)
  try {
    const written = await write(temporary, content)
    await onDisk(() => moveInto(folders.blobs, temporary, { hash: written.hash, now: clock.now() }))
    return written
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<{ hash: string; size: number }> {
  const counted = countBytes(content)
  try {
    await withFile(path, 'wx', async (file) => {
      await writeFile(file, counted.bytes())
      await file.sync()
    })
  } catch (error) {
    throw (counted.failure() ?? { error: diskFailed(error) }).error
  }
  return counted.result()
}

/**
 * Renaming over a blob that is there already is harmless (the same bytes) and starts its grace anew. Both that and a sweep's
 * look-and-unlink are synchronous, so a sweep never takes a blob that was just put.
 */
async function moveInto(blobs: string, temporary: string, { hash, now }: { hash: string; now: number }): Promise<void> {
  const folder = join(blobs, hash.slice(0, 2))
  await mkdir(folder, { recursive: true })
  utimesSync(temporary, now / 1000, now / 1000)
  renameSync(temporary, join(folder, hash))
  // A rename survives a power cut only once the folder is on the disk, and the folder's own name too.
  await syncFolder(folder)
  await syncFolder(blobs)
}

async function get(blobs: string, hash: string, range?: Range): Promise<AsyncIterable<Uint8Array> | null> {
  if (range !== undefined) checkRange(range)
  if (!hashPattern.test(hash)) return null
  const path = join(blobs, hash.slice(0, 2), hash)
  return (await exists(path)) ? read(path, range) : null
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw diskFailed(error)
  }
}

/** The file is opened when somebody starts to read: one who asked and left must not keep it open. */
async function* read(path: string, range: Range | undefined): AsyncGenerator<Uint8Array> {
  // The stream's own `end` is inclusive, and cannot say "nothing".
  if (range !== undefined && range.start === range.end) return
  try {
    yield* createReadStream(path, range === undefined ? {} : { start: range.start, end: range.end - 1 })
  } catch (error) {
    throw diskFailed(error)
  }
}

async function sweep(blobs: string, keep: ReadonlySet<string>, before: number): Promise<number> {
  let swept = 0
  for (const prefix of await readdir(blobs)) {
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue
    for (const hash of await readdir(join(blobs, prefix))) {
      if (hashPattern.test(hash) && !keep.has(hash) && removeIfOlder(join(blobs, prefix, hash), before)) swept++
    }
  }
  return swept
}

function removeIfOlder(path: string, before: number): boolean {
  const at = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (at === undefined || at >= before) return false
  unlinkSync(path)
  return true
}

const syncFolder = (path: string) => withFile(path, 'r', (folder) => folder.sync())

async function withFile(path: string, flags: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, flags)
  try {
    await use(file)
  } finally {
    await file.close()
  }
}

async function onDisk<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    throw diskFailed(error)
  }
}

function diskFailed(cause: unknown): Problem {
  const full = errorCode(cause) === 'ENOSPC'
  const detail = full
    ? 'The disk is full. Free some space on the disk of the home.'
    : 'A file in the home cannot be read or written. Check the disk and the rights of the user of this program.'
  return new Problem('storage_failed', detail, { cause })
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
