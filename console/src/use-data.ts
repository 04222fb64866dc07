import { inject } from 'vue'
import { apiKey, type DataQuery, type Place } from './api/api.ts'
import type { Answer } from './api/types.ts'
import { type Loader, useLoad } from './use-load.ts'

/** The answer to a data query, asked again whenever the query changes. */
export function useData(query: () => { readonly place: Place; readonly query: DataQuery }): Loader<Answer> {
  const api = inject(apiKey)
  if (!api) throw new Error('The console was mounted without its API.')
  return useLoad(
    () => JSON.stringify(query()),
    (signal) => api.data(query().place, query().query, signal),
  )
}
