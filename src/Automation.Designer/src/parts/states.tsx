import type { DeliveryState } from '@/api/deliveries'
import type { EventState } from '@/api/events'
import type { RunState } from '@/api/runs'
import { Badge, type Tone } from '@/ui/badge'

export const runTones: Readonly<Record<RunState, Tone>> = { pending: 'neutral', running: 'info', waiting: 'warn', succeeded: 'good', failed: 'bad', cancelled: 'neutral' }
const deliveryTones: Readonly<Record<DeliveryState, Tone>> = { pending: 'neutral', sending: 'info', retrying: 'warn', succeeded: 'good', dead: 'bad' }
const eventTones: Readonly<Record<EventState, Tone>> = { accepted: 'info', done: 'good', failed: 'bad', filtered: 'neutral', duplicate: 'neutral' }

export const RunBadge = ({ state, blocked = false }: { state: RunState; blocked?: boolean }) => <Badge tone={blocked ? 'warn' : runTones[state]}>{blocked ? 'blocked' : state}</Badge>
export const DeliveryBadge = ({ state }: { state: DeliveryState }) => <Badge tone={deliveryTones[state]}>{state}</Badge>
export const EventBadge = ({ state }: { state: EventState }) => <Badge tone={eventTones[state]}>{state}</Badge>
