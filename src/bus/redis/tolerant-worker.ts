import { type Job, type JobJson, Worker } from 'bullmq'

/** A worker that is stopped by nothing that it finds in the queue, nor by a server that does not answer. */
export class TolerantWorker extends Worker {
  /** Payloads that are not JSON, as they were found. BullMQ throws at such a job, and would take it again for ever. */
  readonly unreadable = new WeakMap<Job, string>()

  protected override createJob(data: JobJson, jobId: string): Job {
    try {
      return super.createJob(data, jobId)
    } catch {
      const job = super.createJob({ ...data, data: 'null' }, jobId)
      this.unreadable.set(job, data.data)
      return job
    }
  }

  /** For when `close` does not come to an end: leaves no timer and no connection behind. */
  abandon(): void {
    this.lockManager.close().catch(() => {})
    this.backend.close(true).catch(() => {})
  }
}
