export type { Action } from './actions.ts'
export type { Audit, AuditAction, AuditContext, AuditEvent } from './audit.ts'
export { allows, authorize, isAdmin, noSuchApp, privilegeOn } from './authorize.ts'
export { explainRule, type RuleExplanation } from './explain-rule.ts'
export { type GuardContext, type GuardResult, guard, planGuarded, readsOf } from './guard.ts'
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
  stages,
} from './principal.ts'
export { type DomainRule, domainRule } from './row-rule.ts'
