import { formatCount } from './format.ts'

/** What is known about the rows on the page. Counts are rows. */
export interface RowCounts {
  readonly user: string
  /** A builder looks with the user's rights, within their own. */
  readonly viewedAs?: boolean
  readonly domain: string
  readonly stage: string
  /** Rows that the user's rights open. */
  readonly mine: number
  /** Of those, the ones that the page's filter lets through. */
  readonly shown: number
  /** Rows of the domain without any rule; null for whom is not told. */
  readonly domainTotal: number | null
  readonly restricted: boolean
  readonly filtered: boolean
}

/** Says whose rows these are and how many of how many, in two sentences. */
export function whoseRows(counts: RowCounts): string {
  const whose = `Rows of ${counts.user} in ${counts.stage}`
  const own = counts.viewedAs ? `, as far as you may see them: ${viewed(counts)}` : `: ${rights(counts)}`
  return [`${whose}${own}`, ...shown(counts)].join(' ')
}

function viewed({ domain, mine, domainTotal }: RowCounts): string {
  const all = domainTotal === null ? 'the' : `the ${formatCount(domainTotal)}`
  return `${formatCount(mine)} of ${all} rows of ${domain}.`
}

function rights({ domain, mine, domainTotal, restricted }: RowCounts): string {
  const rows = `${formatCount(mine)} ${mine === 1 ? 'row' : 'rows'}`
  if (domainTotal !== null && domainTotal !== mine)
    return `${formatCount(mine)} of the ${formatCount(domainTotal)} rows of ${domain} are yours.`
  if (mine === 0) return `no row of ${domain} is yours.`
  if (restricted) return `${rows} of ${domain} ${mine === 1 ? 'is' : 'are'} yours; your rights open no others.`
  return `all ${rows} of ${domain} are yours.`
}

function shown({ mine, shown, filtered }: RowCounts): readonly string[] {
  if (!filtered) return mine === 0 ? [] : ['All of them are shown.']
  return [`${formatCount(shown)} of ${formatCount(mine)} match the filter.`]
}
