import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, isProblem, Problem } from '../../base/index.ts'
import type { UploadedPart } from '../../http/index.ts'
import type { Store } from '../../store/index.ts'

export interface UploadsDeps {
  readonly store: Store
  readonly clock: Clock
  /** A folder on the disk of the home, for files that are being read. */
  readonly folder: string
  readonly limitBytes: number
}

/** A file that was received, kept as a blob. */
export interface ReceivedFile {
  readonly blob: string
  readonly size: number
}

export interface Uploads {
  /** Errors: `csv_invalid` for an empty file, `too_large`, `cancelled`. */
  receive(file: UploadedPart): Promise<ReceivedFile>
  /** Removes what killed processes left behind. `alone`: no process can be reading files now, so all of them are left behind. */
  clean(alone: boolean): Promise<void>
}

/** Nobody takes longer to read a file. */
const longestReadMs = 6 * 3_600_000

export function createUploads(deps: UploadsDeps): Uploads {
  return { receive: (file) => receive(deps, file), clean: (alone) => clean(deps, alone) }
}

async function receive({ store, limitBytes }: UploadsDeps, file: UploadedPart): Promise<ReceivedFile> {
  const { hash: blob, size } = await store.blobs.put(whole(file, limitBytes))
  if (size > 0) return { blob, size }
  throw new Problem('csv_invalid', 'The file is empty.', {
    errors: [{ path: '/file', message: 'The file is empty.', line: 1 }],
  })
}

/** The content, or an error when its end did not come: then no blob appears. */
async function* whole({ stream, truncated }: UploadedPart, limitBytes: number): AsyncGenerator<Uint8Array> {
  try {
    yield* stream
  } catch (error) {
    if (isProblem(error)) throw error
    throw new Problem('cancelled', 'The upload was cut before its end; nothing was changed.', { cause: error })
  }
  if (truncated()) throw tooLarge(limitBytes)
}

export function tooLarge(limitBytes: number): Problem {
  return new Problem('too_large', `The file is larger than ${limitBytes} bytes (http.upload_limit).`, {
    errors: [{ path: '/file', message: `At most ${limitBytes} bytes.` }],
  })
}

async function clean({ clock, folder }: UploadsDeps, alone: boolean): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of await readdir(folder)) {
    if (!name.startsWith('upload-')) continue
    const path = join(folder, name)
    const changedAt = (await stat(path).catch(() => null))?.mtimeMs ?? Number.POSITIVE_INFINITY
    if (alone || clock.now() - changedAt > longestReadMs) await rm(path, { force: true })
  }
}
