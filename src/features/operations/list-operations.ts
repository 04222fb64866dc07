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

/** The newest first. */
export async function listOperations(jobs: Jobs, request: OperationsRequest): Promise<Operation[]> {
  const { app, since, state, job, limit, after } = request
  const found = await jobs.list({
    ...{ app, limit },
    ...(state && { states: state }),
    ...(job !== undefined && { job }),
    ...(after !== undefined && { after }),
  })
  return found.filter(({ createdAt }) => createdAt >= since)
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
export async function cancelUnfinished(jobs: Pick<Jobs, 'list' | 'cancel'>, app: string): Promise<void> {
  let after: string | undefined
  for (;;) {
    const page = await jobs.list({
      ...{ app, states: ['queued', 'running'], limit: pageSize },
      ...(after !== undefined && { after }),
    })
    for (const { id, cancelRequested } of page) if (!cancelRequested) await jobs.cancel(id).catch(unlessEnded)
    if (page.length < pageSize) return
    after = page.at(-1)?.id
  }
}

function unlessEnded(error: unknown): void {
  if (!isProblem(error, 'conflict') && !isProblem(error, 'not_found')) throw error
}
