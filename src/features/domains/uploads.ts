import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Clock, isProblem, newId, Problem } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import type { UploadedPart } from '../../http/index.ts'
import type { Rows, VersionInfo } from '../../rows/index.ts'
import type { Store } from '../../store/index.ts'

export interface UploadsDeps {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly store: Store
  readonly clock: Clock
  /** A folder on the disk of the home, for files that are still coming in. */
  readonly folder: string
  readonly limitBytes: number
}

export interface UploadRequest {
  readonly app: string
  readonly domain: string
  readonly filename: string
  readonly file: UploadedPart
  readonly by: string
  readonly signal: AbortSignal
}

/** Turns an uploaded file into a new version of a domain in staging. */
export interface Uploads {
  /** The order makes a crash harmless: file, version, blob, and only then the release that names them. Errors: `csv_invalid`, `too_large`, `cancelled`. */
  accept(request: UploadRequest): Promise<VersionInfo>
  /** Removes what a killed process left behind. */
  clean(): Promise<void>
}

export function createUploads(deps: UploadsDeps): Uploads {
  return {
    accept: (request) => accept(deps, request),
    async clean() {
      await mkdir(deps.folder, { recursive: true })
      for (const name of await readdir(deps.folder))
        if (name.startsWith('upload-')) await rm(join(deps.folder, name), { force: true })
    },
  }
}

async function accept(deps: UploadsDeps, request: UploadRequest): Promise<VersionInfo> {
  const path = join(deps.folder, `upload-${newId(deps.clock.now())}`)
  try {
    await receive(deps, request, path)
    const { app, domain, signal } = request
    const info = await deps.rows.ingest({ app, domain, file: { path, format: 'csv' } }, signal)
    const blob = await deps.store.blobs.put(createReadStream(path))
    const source = { name: request.filename, blob: blob.hash, size: blob.size }
    signal.throwIfAborted()
    await deps.catalog.edit(
      app,
      (staging) => ({ domains: { ...staging.domains, [domain]: { kind: 'stored', version: info.version, source } } }),
      { by: request.by },
    )
    return info
  } finally {
    await rm(path, { force: true })
  }
}

async function receive({ limitBytes }: UploadsDeps, { file, signal }: UploadRequest, path: string): Promise<void> {
  try {
    await pipeline(file.stream, createWriteStream(path, { mode: 0o600 }), { signal })
  } catch (error) {
    if (isProblem(error)) throw error
    throw new Problem('cancelled', 'The upload was cut before its end; nothing was changed.', { cause: error })
  }
  if (file.truncated()) {
    throw new Problem('too_large', `The file is larger than ${limitBytes} bytes (http.upload_limit).`, {
      errors: [{ path: '/file', message: `At most ${limitBytes} bytes.` }],
    })
  }
  if ((await stat(path)).size === 0) {
    throw new Problem('csv_invalid', 'The file is empty.', {
      errors: [{ path: '/file', message: 'The file is empty.', line: 1 }],
    })
  }
}
