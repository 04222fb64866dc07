import { isProblem } from '../../base/index.ts'
import type { Jobs, Operation, OperationState } from '../../jobs/index.ts'

export interface OperationsRequest {
  /** Null: of the instance. */
  readonly app: string | null
  /** Nothing that was submitted earlier. Milliseconds since 1970. */
  readonly since: number
  readonly state?: readonly OperationState[] | undefined
  readonly job?: string | undefined
  readonly limit: number
  readonly after?: string | undefined
}

const pageSize = 200

/** How many are looked through for those of one job. */
const mostPages = 50

/** The newest first. */
export async function listOperations(jobs: Jobs, request: OperationsRequest): Promise<Operation[]> {
  const { app, since, state, job, limit } = request
  const found: Operation[] = []
  let after = request.after
  for (let page = 0; page < mostPages; page++) {
    const next = await jobs.list({
      app,
      limit: job === undefined ? limit : pageSize,
      ...(state && { states: state }),
      ...(after !== undefined && { after }),
    })
    for (const operation of next) {
      if (operation.createdAt < since) return found
      if (job === undefined || operation.job === job) found.push(operation)
      if (found.length === limit) return found
    }
    if (job === undefined || next.length < pageSize) return found
    after = next.at(-1)?.id
  }
  return found
}

/** When the oldest operation was submitted that has not ended; null when all have. Milliseconds since 1970. */
export async function oldestUnfinished(jobs: Jobs): Promise<number | null> {
  let oldest: Operation | undefined
  for (;;) {
    const page = await jobs.list({
      states: ['queued', 'running'],
      limit: pageSize,
      ...(oldest && { after: oldest.id }),
    })
    oldest = page.at(-1) ?? oldest
    if (page.length < pageSize) return oldest?.createdAt ?? null
  }
}

/** Of an app that goes away: whatever of it waits is not begun, and what runs is told to end. */
export async function cancelUnfinished(jobs: Jobs, app: string): Promise<void> {
  for (;;) {
    const page = await jobs.list({ app, states: ['queued', 'running'], limit: pageSize })
    const active = page.filter(({ cancelRequested }) => !cancelRequested)
    for (const { id } of active) await jobs.cancel(id).catch(unlessEnded)
    if (active.length < pageSize) return
  }
}

function unlessEnded(error: unknown): void {
  if (!isProblem(error, 'conflict') && !isProblem(error, 'not_found')) throw error
}
