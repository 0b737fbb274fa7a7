import { Database, Gauge, Inbox, Play, Radio, Send, Settings, Webhook, Workflow, Zap, type LucideIcon } from 'lucide-react'

export interface Place {
  to: string
  label: string
  icon: LucideIcon
}

/** Where the navigation leads, in groups. */
export const places: readonly { group: string; places: readonly Place[] }[] = [
  { group: 'Build', places: [{ to: '/workflows', label: 'Workflows', icon: Workflow }] },
  {
    group: 'Observe',
    places: [
      { to: '/dashboard', label: 'Dashboard', icon: Gauge },
      { to: '/runs', label: 'Runs', icon: Play },
      { to: '/events', label: 'Events', icon: Zap },
      { to: '/deliveries', label: 'Deliveries', icon: Send },
      { to: '/endpoints', label: 'Endpoints', icon: Webhook },
      { to: '/requests', label: 'Requests', icon: Inbox },
      { to: '/state', label: 'State', icon: Database },
    ],
  },
  { group: 'Devices', places: [{ to: '/mqtt', label: 'MQTT', icon: Radio }] },
  { group: 'Server', places: [{ to: '/settings', label: 'Settings', icon: Settings }] },
]
