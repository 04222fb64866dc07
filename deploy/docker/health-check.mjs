// Whether the one process of a container is ready: each role has a port of its own, and only one of them answers here.
const first = Number(process.env.LAPUTA_HEALTH__PORT)
const answers = await Promise.all([0, 1, 2, 3].map((offset) => statusOf(first + offset)))
process.exitCode = answers.includes(200) ? 0 : 1

async function statusOf(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(4000) })).status
  } catch {
    return null
  }
}
