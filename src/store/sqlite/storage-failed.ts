import { Problem } from '../../base/index.ts'
import { type Failure, failureOf } from './commit.ts'

const remedies: Readonly<Record<string, string>> = {
  NOTADB: 'The store is not a database, or is damaged. Put a backup of the home back.',
  CORRUPT: 'The store is damaged. Stop the program and put a backup of the home back.',
  BUSY: 'The store is locked by another program. Close whatever has the database open.',
  LOCKED: 'The store is locked by another program. Close whatever has the database open.',
  FULL: 'The disk is full. Free some space on the disk of the home.',
  READONLY: 'The store cannot be written. Give the user of this program the right to write in the home.',
  CANTOPEN: 'The store cannot be opened. Give the user of this program the right to read and write in the home.',
  IOERR: 'The disk failed. Check the disk of the home, then start the program again.',
}

/** The one answer to an error of the database that nobody expects. Problems pass as they are. */
export function storageFailed(error: unknown): Problem {
  return error instanceof Problem ? error : problemOf(failureOf(error), error)
}

/** As `storageFailed`, of what the writer answers. */
export function problemOf({ code, message }: Failure, cause: unknown): Problem {
  const kind = /^SQLITE_([A-Z]+)/.exec(code)?.[1] ?? ''
  // The driver says why a file cannot be opened only in the text of its message.
  const remedy = remedies[message.startsWith('ConnectionFailed') ? 'CANTOPEN' : kind]
  return new Problem('storage_failed', remedy ?? 'The store failed. The log has the cause.', { cause })
}
