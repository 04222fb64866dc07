import { isObject } from '../../base/index.ts'
import { deadKept } from '../check-queued.ts'
import type { DeadJob } from '../port.ts'
import type { Client } from './connections.ts'

/** Keeps a job aside. `text`: its payload as it was found, JSON or not. */
export async function bury(
  client: Client,
  key: string,
  job: Omit<DeadJob, 'payload'> & { text: string },
): Promise<void> {
  await client
    .multi()
    .lpush(key, JSON.stringify(job))
    .ltrim(key, 0, deadKept - 1)
    .exec()
}

export async function deadJobs(client: Client, key: string, limit: number): Promise<DeadJob[]> {
  if (limit < 1) return []
  const texts = await client.lrange(key, 0, limit - 1)
  return texts.flatMap((text) => {
    const job = parsed(text)
    if (!isObject(job)) return []
    const { id, text: payload, reason, at } = job
    return [{ id: String(id), payload: parsed(String(payload)), reason: String(reason), at: Number(at) }]
  })
}

/** A text that is not JSON stands for itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
