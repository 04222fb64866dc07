import type { Json } from '../base/index.ts'
import type { Operation, OperationError, OperationView } from './port.ts'

/** An operation as people see it: times in ISO 8601, without its arguments and without who runs it. */
export function viewOf(operation: Operation): OperationView {
  const { progress, error } = operation
  return {
    id: operation.id,
    job: operation.job,
    app: operation.app,
    stage: operation.stage,
    state: operation.state,
    by: operation.by,
    attempt: operation.attempt,
    progress: progress && { stage: progress.stage, percent: progress.percent, remaining_ms: progress.remainingMs },
    lines: operation.lines,
    result: operation.result,
    error: error && errorView(error),
    labels: operation.labels,
    created_at: isoTime(operation.createdAt),
    started_at: operation.startedAt === null ? null : isoTime(operation.startedAt),
    ended_at: operation.endedAt === null ? null : isoTime(operation.endedAt),
    changed_at: isoTime(operation.changedAt),
    request_id: operation.requestId,
  }
}

function errorView({ code, title, detail, errors }: OperationError): Json {
  // An item of a problem is made of texts, numbers and lists of texts.
  return { code, title, detail, errors: errors.map((item) => ({ ...item }) as Json) }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
