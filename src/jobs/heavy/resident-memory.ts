import { readFile } from 'node:fs/promises'

export const sampleEveryMs = 200

/** The resident memory of a process in bytes; null where the system does not tell, or the process is gone. */
export async function residentMemory(pid: number): Promise<number | null> {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}
