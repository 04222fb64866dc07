import { closeOnFailure } from '../close-on-failure.ts'
import { compose } from '../compose.ts'
import { firstStartOnce } from '../first-start.ts'
import { partsOf } from '../parts.ts'
import { type Frame, type Running, runProcess } from '../run-process.ts'
import type { RoleStart } from '../start-options.ts'
import { createMasterLink, type MasterLink } from './master-link.ts'

/** Answers requests on the port that all web workers share. */
export function runWebWorker(start: RoleStart): Promise<void> {
  let link: MasterLink | undefined
  return runProcess(start, {
    role: 'web',
    portOffset: 0,
    patient: true,
    master(frame, ending) {
      link = createMasterLink(frame, ending)
      return link
    },
    open: (frame) => open(start, frame, link),
  })
}

async function open(start: RoleStart, frame: Frame, link: MasterLink | undefined): Promise<Running> {
  const { config, version, print } = start
  const composed = await compose({ config, version, ...frame, metricsPage: link?.page })
  await closeOnFailure(composed, async () => {
    await firstStartOnce({ ...composed, log: frame.log, home: config.home, demo: false, print })
    link?.listening(await composed.server.listen({ host: config.http.host, port: config.http.port }))
  })
  return { parts: partsOf(composed, { bus: false }), end: composed.close }
}
