import type { Bus } from './port.ts'
import type { BusDeps, BusSettings } from './settings.ts'

const adapters = {
  memory: async (settings: BusSettings, deps: BusDeps) =>
    (await import('./memory/memory-bus.ts')).createMemoryBus(settings.cacheBytes, deps),
} as const satisfies Record<BusSettings['kind'], (settings: BusSettings, deps: BusDeps) => Promise<Bus>>

/** Opens what the processes of an instance share without keeping. Errors: `config_invalid`. */
export async function openBus(settings: BusSettings, deps: BusDeps): Promise<Bus> {
  return adapters[settings.kind](settings, deps)
}
