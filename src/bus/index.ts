export { openBus } from './open-bus.ts'
export type { Bus, BusCache, Lease } from './port.ts'
export type { BusDeps, BusSettings } from './settings.ts'
