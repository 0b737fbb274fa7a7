import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf, withQuery } from './pages'

export type DeliverySummary = Schemas['DeliverySummary']
export type DeliveryState = Schemas['DeliveryState']
export type Attempt = Schemas['Attempt']

export const deliveryStates: readonly DeliveryState[] = ['pending', 'sending', 'retrying', 'succeeded', 'dead']

export interface DeliveryFilter {
  state?: string
  workflow?: string
  run?: string
  destination?: string
  endpoint?: string
  since?: string
}

export const deliveries = (filter: DeliveryFilter) => pagesOf<DeliverySummary>(['deliveries', filter], withQuery('/api/deliveries', { ...filter, limit: 50 }))

export const delivery = (id: string) => queryOptions({ queryKey: ['delivery', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/deliveries/{id}', { params: { path: { id } }, signal })) })

export async function replayDelivery(id: string): Promise<void> {
  await client.POST('/api/deliveries/{id}/replay', { params: { path: { id } } })
}

export interface ReplayFilter {
  state: 'dead' | 'succeeded'
  workflow?: string
  destination?: string
  endpoint?: string
  since?: string
}

/** How many deliveries a replay would make again. */
export async function previewReplay(filter: ReplayFilter): Promise<number> {
  return bodyOf(await client.POST('/api/deliveries/replay', { params: { query: { ...filter, preview: 'true' } } })).replayed
}

/** Makes deliveries again; with `newKey` receivers take them for new ones. */
export async function replayDeliveries(filter: ReplayFilter, newKey: boolean): Promise<number> {
  return bodyOf(await client.POST('/api/deliveries/replay', { params: { query: { ...filter, ...(newKey ? { newKey: 'true' } : {}) } } })).replayed
}

export type Destination = Schemas['DestinationView']

/** The queue of each receiver, by name. @param circuit Only those whose circuit is so. */
export const destinations = (circuit: Destination['circuit'] | null) => ({ ...pagesOf<Destination>(['destinations', circuit], withQuery('/api/destinations', { circuit })), refetchInterval: 5_000 })
