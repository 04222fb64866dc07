import { z } from 'zod'
import type { Json } from '../../base/index.ts'
import { carriedProblemSchema } from './carried-problem.ts'

/** What the process that computed tells those that wait for it. */
const newsSchema = z.discriminatedUnion('outcome', [
  /** The answer is in the bus cache. */
  z.strictObject({ outcome: z.literal('stored') }),
  /** It was given to its own clients only: too quick, too large, or an error of that process. */
  z.strictObject({ outcome: z.literal('unshared') }),
  /** Everybody there left: somebody else may begin. */
  z.strictObject({ outcome: z.literal('abandoned') }),
  z.strictObject({ outcome: z.literal('failed'), problem: carriedProblemSchema }),
])

export type News = z.infer<typeof newsSchema>

export const channelOf = (key: string): string => `news:${key}`

export const newsText = (news: News): Json => JSON.parse(JSON.stringify(news)) as Json

/** News as they come in, kept until they are asked for. What is no news is left out: it comes from outside. */
export interface NewsBox {
  receive(payload: unknown): void
  /** The next news, or null after `patience` milliseconds. Rejects with the signal's reason when it aborts. */
  next(patience: number, signal?: AbortSignal): Promise<News | null>
}

export function createNewsBox(): NewsBox {
  const waiting: News[] = []
  let wake = () => {}

  return {
    receive(payload) {
      const news = newsSchema.safeParse(payload).data
      if (!news) return
      waiting.push(news)
      wake()
    },
    async next(patience, signal) {
      signal?.throwIfAborted()
      if (waiting.length === 0) {
        await new Promise<void>((resolve, reject) => {
          const leave = () => reject(signal?.reason)
          const timer = setTimeout(() => wake(), patience)
          signal?.addEventListener('abort', leave, { once: true })
          wake = () => {
            clearTimeout(timer)
            signal?.removeEventListener('abort', leave)
            resolve()
          }
        }).finally(() => wake())
      }
      return waiting.shift() ?? null
    },
  }
}
