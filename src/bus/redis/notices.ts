import type { Log } from '../../base/index.ts'

export interface Notices {
  /** Answers a function that ends it. */
  add(notice: () => void): () => void
  tell(): void
  clear(): void
}

/** Who wants to be told of something. One that fails keeps the others from nothing. */
export function createNotices(log: Log): Notices {
  const notices = new Set<{ readonly notice: () => void }>()
  return {
    add(notice) {
      const own = { notice }
      notices.add(own)
      return () => {
        notices.delete(own)
      }
    },
    tell() {
      for (const { notice } of notices) {
        try {
          notice()
        } catch (error) {
          log.error({ err: error }, 'Whoever was told of an interruption failed.')
        }
      }
    },
    clear: () => notices.clear(),
  }
}
