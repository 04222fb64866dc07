export type { Action } from './actions.ts'
export { authorize, isAdmin, noSuchApp, privilegeOn } from './authorize.ts'
export { type GuardContext, type GuardResult, guard } from './guard.ts'
export { effects, type PermissionRecord, parsePermissionRecords, scopes } from './permission-record.ts'
export {
  type AppCtx,
  type Ctx,
  type Principal,
  type Privilege,
  privileges,
  type Role,
  roles,
  type Stage,
} from './principal.ts'
