/** A server that is there for the length of a test run. */
export interface RunningServer {
  readonly url: string
  /** What answers at the URL, for people: `15.20`, `stand-in (…)`. */
  readonly version: string
  /** Ends what was started for it. Does nothing to a server that was there before. */
  stop(): Promise<void>
}

/** One way to get a server. Null: not on this machine. Errors: it is there but does not come up. */
export type Way = () => Promise<RunningServer | null>

/** A server that tests need and npm does not bring. */
export interface TestServer {
  readonly name: string
  /** The environment variable with its URL. What was started is handed to the tests in the same one. */
  readonly variable: string
  /** What cannot run without it. */
  readonly part: string
  /** Debian packages that make one of the ways possible. */
  readonly packages: readonly string[]
  /** Folders and files of tests that use it, from the project's root. */
  readonly usedBy: readonly string[]
  /** Whether its programs are on this machine. */
  isInstalled(): boolean
  /** From best to worst. */
  readonly ways: readonly Way[]
  /** Asks a server that was named in the environment for its version. Errors: it does not answer. */
  versionOf(url: string): Promise<string>
}

/** What a run has of one server. `problem` says why there is none. */
export interface FoundServer {
  readonly server: TestServer
  readonly running: RunningServer | null
  readonly problem: string | null
}

/** The server that the environment names, or else the first way that gives one. */
export async function findServer(server: TestServer): Promise<FoundServer> {
  const problems: string[] = []
  const attempt = async (way: Way): Promise<RunningServer | null> => {
    try {
      return await way()
    } catch (error) {
      problems.push(messageOf(error))
      return null
    }
  }
  const url = process.env[server.variable]
  // A server that was named and does not answer is a mistake to be seen, not a reason to take another one.
  const ways: readonly Way[] = url ? [() => named(server, url)] : server.ways
  for (const way of ways) {
    const running = await attempt(way)
    if (running) return { server, running, problem: null }
  }
  const problem = problems.length > 0 ? problems.join('; ') : `install it, or set ${server.variable}`
  return { server, running: null, problem }
}

async function named(server: TestServer, url: string): Promise<RunningServer> {
  return { url, version: await server.versionOf(url), stop: async () => {} }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
