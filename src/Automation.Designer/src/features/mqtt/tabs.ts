export const mqttTabs = [
  { to: '/mqtt', label: 'Topics', end: true },
  { to: '/mqtt/clients', label: 'Clients' },
  { to: '/mqtt/sessions', label: 'Sessions' },
  { to: '/mqtt/retained', label: 'Retained' },
  { to: '/mqtt/connections', label: 'Connections' },
  { to: '/mqtt/users', label: 'Users' },
]
