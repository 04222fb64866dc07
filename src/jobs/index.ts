export { createJobs } from './create-jobs.ts'
export { defineJob } from './definitions.ts'
export { createEvents, type Events, type NewEvent } from './events.ts'
export { createChildWork } from './heavy/child-work.ts'
export { chooseWork } from './heavy/choose-work.ts'
export { createInlineWork } from './heavy/inline-work.ts'
export { serveWork } from './heavy/serve-work.ts'
export type { ChildWorkOptions } from './heavy/watched-process.ts'
export {
  operationStates,
  operationView,
  presentOperation,
  startedAnswer,
  startedBody,
} from './operation-schema.ts'
export type {
  HeavyWork,
  JobCtx,
  JobDefinition,
  Jobs,
  JobWorkers,
  ListRequest,
  LiveEvent,
  Operation,
  OperationError,
  OperationState,
  OperationView,
  Progress,
  Submission,
  WorkCtx,
  WorkerSettings,
  Works,
} from './port.ts'
export type { JobsDeps, JobsSettings } from './settings.ts'
export { type Started, type StartRequest, startWork, type Work } from './start-work.ts'
export { viewOf } from './view.ts'
