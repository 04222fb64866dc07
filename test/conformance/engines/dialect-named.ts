import * as pipeline from '../../../src/pipeline/index.ts'

/** A dialect of the pipeline room. Errors: it has none of this name yet. */
export function dialectNamed(name: string): pipeline.SqlDialect {
  const found = Object.entries(pipeline).find(([exported]) => exported === name)?.[1]
  if (!found) throw new Error(`src/pipeline has no ${name}`)
  return found as pipeline.SqlDialect
}
