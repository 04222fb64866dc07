import type { Environment } from './environment.ts'

/** What libuv takes when nothing is said, and the most that it takes. */
const usual = 4
const most = 1024

/**
 * The threads of Node's pool, in which files are read, passwords are checked and the statements of DuckDB run. The pool is made
 * before the first module is loaded, so this is what the process was started with: `UV_THREADPOOL_SIZE`.
 */
export function threadPoolSize(env: Environment = process.env): number {
  const text = env.UV_THREADPOOL_SIZE
  if (text === undefined) return usual
  const asked = Number.parseInt(text, 10)
  return Number.isNaN(asked) ? 1 : Math.min(Math.max(asked, 1), most)
}
