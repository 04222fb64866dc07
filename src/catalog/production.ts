import { type App, emptyContent, type Release } from './release.ts'
import type { Releases } from './releases.ts'

/** The name of production's release before there is one. */
export const unpublished = 'unpublished'

/** What production is: an empty release before the first publication. */
export async function productionOf(releases: Releases, app: App): Promise<Release> {
  if (app.production !== null) return releases.get(app.production)
  return { ...emptyContent, id: unpublished, app: app.id, parent: null, at: app.createdAt, by: app.createdBy }
}
