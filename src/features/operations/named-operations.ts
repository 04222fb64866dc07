import type { AppCtx } from '../../access/index.ts'
import type { PublishedPart } from '../../catalog/index.ts'
import type { Work } from '../../jobs/index.ts'
import type { OperationName } from './operations.schema.ts'

const published: Partial<Record<OperationName, PublishedPart>> = {
  release_design: 'queries',
  release_data: 'data',
  release_permissions: 'permissions',
}

/**
 * What jobs the operations are that the original's clients know by these names, in their order. Releases that follow each other are one
 * publication, so that nobody sees one of them without the others.
 */
export function workOf({ app, address }: Pick<AppCtx, 'app' | 'address'>, names: readonly OperationName[]): Work[] {
  const work: Work[] = []
  let parts: PublishedPart[] = []
  const flush = () => {
    if (parts.length > 0)
      work.push({ job: 'publish', args: { app, parts }, seen: { address: address ?? null }, stage: 'production' })
    parts = []
  }
  for (const name of names) {
    const part = published[name]
    if (part) {
      if (!parts.includes(part)) parts.push(part)
      continue
    }
    flush()
    if (name === 'preprocess_data_sources')
      work.push({ job: 'refresh', args: { app, stage: 'staging' }, stage: 'staging' })
    else work.push({ job: 'announce', args: { name }, stage: 'staging' })
  }
  flush()
  return work
}
