export const deliveryTabs = [
  { to: '/deliveries', label: 'All deliveries', end: true },
  { to: '/deliveries/destinations', label: 'Destinations' },
]
