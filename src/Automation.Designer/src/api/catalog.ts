import { queryOptions } from '@tanstack/react-query'
import { catalogOf } from '@/document/catalog'
import type { JsonObject } from '@/document/json'
import { read, type Schemas } from './client'
import { allPages } from './pages'

/** All step and trigger types, with the JSON Schema of workflow files. They change only when the server is another. */
export const catalog = queryOptions({
  queryKey: ['catalog'],
  staleTime: 10 * 60_000,
  queryFn: async ({ signal }) => {
    const [schema, steps, triggers] = await Promise.all([
      read<JsonObject>('/api/schema', signal),
      allPages<Schemas['StepTypeView']>('/api/step-types', signal),
      allPages<Schemas['TriggerTypeView']>('/api/trigger-types', signal),
    ])
    return catalogOf(schema, steps, triggers)
  },
})
