import type { Domain } from '../api/types.ts'
import { birdstrikes } from './birdstrikes.ts'
import type { Dashboard } from './dashboard.ts'
import { genericDashboard } from './generic.ts'

export type { ChartSpec, Dashboard } from './dashboard.ts'

const drawn: Readonly<Record<string, Dashboard>> = { birdstrikes }

/** The dashboard made for a domain, where its columns are those that it was made for; otherwise one derived from its columns. */
export function dashboardOf(domain: Domain): Dashboard {
  const made = Object.hasOwn(drawn, domain.domain) ? drawn[domain.domain] : undefined
  return made && fits(made, domain) ? made : genericDashboard(domain)
}

/** The domain to open first: one that has a dashboard of its own, else the first. */
export function firstDomain(domains: readonly Domain[]): Domain | null {
  return domains.find(({ domain }) => Object.hasOwn(drawn, domain)) ?? domains[0] ?? null
}

/** Another app may well have a domain of the same name with other columns. */
function fits(dashboard: Dashboard, { columns }: Domain): boolean {
  const names = new Set(columns.map((column) => column.name))
  const needed = dashboard.charts.flatMap(({ category, series }) => [
    category.column,
    ...(series ? [series.column] : []),
  ])
  return [...needed, ...(dashboard.filter ? [dashboard.filter.column] : [])].every((name) => names.has(name))
}
