import type { QueuedJob } from '../port.ts'

/**
 * Puts what is added in one turn of the event loop into one request. Order is kept: a batch is sent when the one before was
 * answered. Each caller hears of the error of its batch.
 */
export function createAddBatch(
  send: (jobs: readonly QueuedJob[]) => Promise<void>,
): (jobs: readonly QueuedJob[]) => Promise<void> {
  let open: { readonly jobs: QueuedJob[]; readonly sent: Promise<void> } | undefined
  let before: Promise<unknown> = Promise.resolve()

  async function sendLater(jobs: readonly QueuedJob[]): Promise<void> {
    await Promise.all([before.catch(() => {}), new Promise((resolve) => setImmediate(resolve))])
    open = undefined
    await send(jobs)
  }

  return (jobs) => {
    if (!open) {
      const list: QueuedJob[] = []
      open = { jobs: list, sent: sendLater(list) }
      before = open.sent
    }
    open.jobs.push(...jobs)
    return open.sent
  }
}
