import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf, restOf, withQuery } from './pages'

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
  run?: string
  destination?: string
  endpoint?: string
  since?: string
}

/** How many deliveries a replay would make again. */
export async function previewReplay(filter: ReplayFilter): Promise<number> {
  return bodyOf(await client.POST('/api/deliveries/replay', { params: { query: { ...filter, preview: 'true' } } })).replayed
}

/** Makes deliveries again, a page at a time, until it is told to stop; with `newKey` receivers take them for new ones. `progress` hears how many are. */
export async function replayDeliveries(filter: ReplayFilter, newKey: boolean, progress: (done: number) => void, stop: AbortSignal): Promise<number> {
  let replayed = 0
  let rest: { after?: string; until?: string } = {}
  do {
    const part: Schemas['ReplayedDeliveries'] = bodyOf(await client.POST('/api/deliveries/replay', { params: { query: { ...filter, ...(newKey ? { newKey: 'true' } : {}), limit: 200, ...rest } } }))
    replayed += part.replayed
    progress(replayed)
    rest = restOf(part.next)
  } while (rest.after && !stop.aborted)
  return replayed
}

export type Destination = Schemas['DestinationView']

/** The queue of each receiver, by name. @param circuit Only those whose circuit is so. */
export const destinations = (circuit: Destination['circuit'] | null) => ({ ...pagesOf<Destination>(['destinations', circuit], withQuery('/api/destinations', { circuit })), refetchInterval: 5_000 })
