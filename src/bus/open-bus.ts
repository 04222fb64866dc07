import type { Bus } from './port.ts'
import type { BusDeps, BusSettings } from './settings.ts'

/**
 * Opens what the processes of an instance share without keeping. Errors: `config_invalid`; with Redis also what stands in the way
 * of using the server, with the setting to change.
 */
export async function openBus(settings: BusSettings, deps: BusDeps): Promise<Bus> {
  if (settings.kind === 'redis') return (await import('./redis/redis-bus.ts')).openRedisBus(settings.redis, deps)
  return (await import('./memory/memory-bus.ts')).createMemoryBus(settings.cacheBytes, deps)
}
