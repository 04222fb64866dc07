import { systemClock } from '../base/index.ts'
import { readChildSettings } from '../config/index.ts'
import { createDialer } from '../connectors/index.ts'
import { createWorks } from '../features/index.ts'
import { serveWork } from '../jobs/index.ts'
import { openRows } from '../rows/index.ts'
import { openLog } from './open-log.ts'
import { rowsSettings } from './settings.ts'

// The program of a process for heavy work: reads sources and writes rows, without a store and without keys.
const settings = readChildSettings()
const log = openLog(settings.log.level, 'job')
const deps = { clock: systemClock, log }
const rows = await openRows(rowsSettings(settings), deps)
serveWork(createWorks({ ...deps, rows, dialer: createDialer({ allow: [...settings.connections.allow] }) }))
