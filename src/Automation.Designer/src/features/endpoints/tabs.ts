export const endpointTabs = [
  { to: '/endpoints', label: 'Endpoints', end: true },
  { to: '/endpoints/types', label: 'Event types' },
]
