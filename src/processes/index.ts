export { configExitCode } from './exit-codes.ts'
export { type Role, roleNames, startAllInOne, startRole } from './roles.ts'
export { storeSettings } from './settings.ts'
export type { AllStart, RoleStart } from './start-options.ts'
