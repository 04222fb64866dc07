export { openBus } from './open-bus.ts'
export type {
  Bus,
  BusCache,
  DeadJob,
  JobOutcome,
  Lease,
  Queue,
  QueueCounts,
  QueuedJob,
  QueueWorker,
  TakenJob,
  WorkOptions,
} from './port.ts'
export type { BusDeps, BusSettings } from './settings.ts'
