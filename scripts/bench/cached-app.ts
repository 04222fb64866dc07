import type { Started } from '../../acceptance/started.ts'
import { signIn, signInAdmin } from './client.ts'
import type { Target } from './load.ts'

const password = 'Bench-2026-password'

/** An app with a published domain and two viewers: one sees all rows, a row rule limits the other. */
export async function prepareCachedApp({
  url,
  home,
}: Pick<Started, 'url' | 'home'>): Promise<{ all: Target; ruled: Target }> {
  const { send: admin } = await signInAdmin({ url, home })
  await admin('POST', '/small-apps', { id: 'bench', name: 'bench' })
  await admin('POST', '/groups', { name: 'ruled' })
  for (const [name, groups] of [['bench-all', []] as const, ['bench-ruled', ['ruled']] as const]) {
    await admin('POST', '/users', { username: name, password, groups, privileges: { bench: ['view'] } })
  }
  const form = new FormData()
  form.set('data', JSON.stringify({ domain: 'sales' }))
  form.set('file', new Blob([salesCsv()]), 'sales.csv')
  await admin('POST', '/bench/data/sources', form)
  await admin('PUT', '/bench/permissions/sales', [
    // A fallback, so that it is not added to what the group sees.
    { scope: 'DEFAULT', effect: 'SEE_ALL' },
    {
      scope: 'USER_GROUP',
      group: 'ruled',
      effect: 'CUSTOM',
      condition: { column: 'region', operator: 'in', value: ['region 1', 'region 2', 'region 3'] },
    },
  ])
  await admin('POST', '/bench/data/release')
  return { all: await target(url, 'bench-all'), ruled: await target(url, 'bench-ruled') }
}

/** A chart asks for some groups of a filtered domain. */
const chart = JSON.stringify({
  domain: 'sales',
  pipeline: [
    { name: 'filter', condition: { column: 'amount', operator: 'gt', value: 10 } },
    {
      name: 'aggregate',
      on: ['product'],
      aggregations: [{ columns: ['amount'], newcolumns: ['total'], aggfunction: 'sum' }],
    },
    { name: 'sort', columns: [{ column: 'total', order: 'desc' }] },
  ],
})

function salesCsv(): string {
  const rows = Array.from({ length: 5000 }, (_, n) => `region ${n % 12},product ${n % 50},${(n * 7919) % 1000}`)
  return `region,product,amount\n${rows.join('\n')}\n`
}

async function target(url: string, username: string): Promise<Target> {
  const { headers } = await signIn(url, username, password)
  return { url: `${url}/bench/data`, headers, body: chart }
}
