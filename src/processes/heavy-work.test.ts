import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { anInstance, type Instance } from '../../test/builders/instance.ts'

let instance: Instance | undefined
afterEach(() => instance?.close())

/** Processes for heavy work that this one has started. */
function childrenNow(): number {
  return readdirSync('/proc').filter((name) => {
    try {
      const isOurs =
        /^\d+$/.test(name) && readFileSync(`/proc/${name}/status`, 'utf8').includes(`PPid:\t${process.pid}\n`)
      return isOurs && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('job-child')
    } catch {
      return false
    }
  }).length
}

const onLinux = it.runIf(process.platform === 'linux')

onLinux('reads an upload in a process of its own where that is wanted', async () => {
  instance = await anInstance({ LAPUTA_JOBS__ISOLATE: 'always' })
  await instance.anApp({ id: 'shop', domains: { sales: 'city,amount\nParis,3\n' } })
  // It is kept for the next one.
  expect(childrenNow()).toBe(1)
  const answer = await instance.admin.call('POST', '/shop/data', { body: { domain: 'sales', pipeline: [] } })
  expect(answer.body.data).toEqual([{ city: 'Paris', amount: 3 }])
  const broken = await instance.admin.upload('shop', 'sales', 'a,b\n"1,2\n')
  expect([broken.status, broken.body.code]).toEqual([422, 'csv_invalid'])
  await instance.close()
  instance = undefined
  expect(childrenNow()).toBe(0)
})

onLinux('reads small files in this process', async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop', domains: { sales: 'city,amount\nParis,3\n' } })
  expect(childrenNow()).toBe(0)
})
