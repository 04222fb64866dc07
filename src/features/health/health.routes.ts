import { z } from 'zod'
import { type Log, Problem } from '../../base/index.ts'
import { publicRoute, type Route } from '../../http/index.ts'

/** A part that the program cannot work without. */
export interface HealthCheck {
  readonly name: string
  /** Fails when the part does not work. */
  check(): Promise<unknown>
}

/** The text of all metrics, in the form that `type` names. */
export interface MetricsPage {
  readonly type: string
  readonly text: string
}

export interface HealthDeps {
  readonly checks: readonly HealthCheck[]
  /** Without it there is no `/metrics`. */
  readonly metricsPage?: (() => Promise<MetricsPage>) | undefined
}

/** Longer than a healthy part ever needs, shorter than what asks would wait. */
const patienceMs = 2000

const health = z.strictObject({ status: z.literal('ok') })

export function healthRoutes({ checks, metricsPage }: HealthDeps): Route[] {
  return [
    ...(metricsPage ? [metricsRoute(metricsPage)] : []),
    publicRoute({
      method: 'GET',
      url: '/health/live',
      summary: 'Whether the program runs',
      response: health,
      async handle() {
        return { body: { status: 'ok' as const } }
      },
    }),
    publicRoute({
      method: 'GET',
      url: '/health/ready',
      summary: 'Whether the program can serve requests',
      response: health,
      errors: [503],
      async handle({ log }) {
        const failed = (await Promise.all(checks.map((check) => works(check, log)))).filter((name) => name !== null)
        if (failed.length === 0) return { body: { status: 'ok' as const } }
        const errors = failed.map((name) => ({ path: name, message: `"${name}" does not work.` }))
        throw new Problem('not_ready', `Not working: ${failed.join(', ')}.`, { errors, retryAfter: 5 })
      },
    }),
  ]
}

function metricsRoute(page: () => Promise<MetricsPage>): Route {
  return publicRoute({
    method: 'GET',
    url: '/metrics',
    summary: 'What the program counts about itself, for Prometheus',
    errors: [503],
    async handle() {
      const { type, text } = await page()
      return { headers: { 'content-type': type, 'cache-control': 'no-store' }, body: Buffer.from(text) }
    },
  })
}

/** Null, or the name of the part when it fails. Why is for the log: anybody may ask. */
async function works({ name, check }: HealthCheck, log: Log): Promise<string | null> {
  const cancel = new AbortController()
  const late = new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(new Problem('not_ready', `"${name}" did not answer within ${patienceMs} ms.`)),
      patienceMs,
    )
    cancel.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  try {
    await Promise.race([check(), late])
    return null
  } catch (error) {
    log.warn({ err: error, check: name }, 'health check failed')
    return name
  } finally {
    cancel.abort()
  }
}
