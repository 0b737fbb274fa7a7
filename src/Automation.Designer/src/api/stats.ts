import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'

export type StatsPoint = Schemas['StatsPointView']
export type Stats = Schemas['StatsView']

export type Span = '1h' | '24h'

export const stats = (span: Span) =>
  queryOptions({ queryKey: ['stats', span], refetchInterval: span === '1h' ? 5_000 : 60_000, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/stats', { params: { query: { span } }, signal })) })
