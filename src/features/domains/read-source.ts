import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Clock, type Json, type JsonObject, newId, Problem } from '../../base/index.ts'
import type { ConnectionSource, UploadSource } from '../../catalog/index.ts'
import type { ConnectorLimits } from '../../connectors/index.ts'
import type { HeavyWork, WorkCtx } from '../../jobs/index.ts'
import type { Store } from '../../store/index.ts'
import { type NewVersion, newVersion } from './new-version.ts'

export interface SourceReaderDeps {
  readonly store: Store
  readonly heavy: HeavyWork
  readonly clock: Clock
  /** A folder on the disk of the home, for files that are being read. */
  readonly folder: string
  /** `auto`: what is large, or may be, is read in a process of its own. */
  readonly isolate: 'auto' | 'always' | 'never'
  /** What a connection is opened with, secrets included. Errors: `not_found`. */
  readonly configOf: (app: string, connection: string) => Promise<JsonObject>
  /** For reading whole sources, which takes longer than answering somebody. */
  readonly limits: ConnectorLimits
}

export interface SourceRequest {
  readonly app: string
  readonly domain: string
  readonly source: UploadSource | ConnectionSource
  /** The version that the new one follows. */
  readonly before: string | null
}

/** Reads the source of a stored domain into a new version, which no release names yet. */
export type ReadSource = (request: SourceRequest, ctx: WorkCtx) => Promise<NewVersion>

/** Starting a process takes half a second: about as long as reading so much. */
const smallBytes = 32 * 1024 * 1024

/** Errors: those of the works `ingest` and `read-connection`; `not_found` when the file or the connection is gone. */
export function createReadSource(deps: SourceReaderDeps): ReadSource {
  return async (request, ctx) => {
    const { source } = request
    const made =
      source.kind === 'upload'
        ? await readUpload(deps, { ...request, source }, ctx)
        : await readConnection(deps, { ...request, source }, ctx)
    return newVersion.parse(made)
  }
}

type Of<S> = SourceRequest & { readonly source: S }

async function readUpload(deps: SourceReaderDeps, request: Of<UploadSource>, ctx: WorkCtx): Promise<Json> {
  const { app, domain, source } = request
  const path = join(deps.folder, `upload-${newId(deps.clock.now())}`)
  try {
    const content = await deps.store.blobs.get(source.blob)
    if (!content) throw new Problem('not_found', `The file "${source.name}" of "${domain}" is no longer kept.`)
    await pipeline(content, createWriteStream(path, { mode: 0o600 }), { signal: ctx.signal })
    const isolate = isolated(deps, source.size > smallBytes)
    return await deps.heavy.run('ingest', { app, domain, path, format: 'csv' }, aboutOf(ctx, isolate))
  } finally {
    await rm(path, { force: true })
  }
}

async function readConnection(deps: SourceReaderDeps, request: Of<ConnectionSource>, ctx: WorkCtx): Promise<Json> {
  const { app, domain, source, before } = request
  const { connection, connector, query } = source
  const config = await deps.configOf(app, connection)
  const payload: Json = { app, domain, connector, config, query, before, limits: { ...deps.limits } }
  return deps.heavy.run('read-connection', payload, aboutOf(ctx, isolated(deps, true)))
}

function isolated({ isolate }: SourceReaderDeps, large: boolean): boolean {
  return isolate === 'always' || (isolate === 'auto' && large)
}

function aboutOf({ signal, progress }: WorkCtx, isolate: boolean) {
  return { signal, progress, isolate }
}
