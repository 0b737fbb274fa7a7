import { createBrowserRouter, Navigate } from 'react-router'
import { Broken } from './broken'
import { Shell } from './shell'

// Each page is a file of its own, read when it is first gone to.
export const router = createBrowserRouter([
  {
    path: '/',
    element: <Shell />,
    errorElement: <Broken />,
    children: [
      {
        errorElement: <Broken />, // in the shell, so that one can go elsewhere
        children: [
          { index: true, element: <Navigate to="/workflows" replace /> },
          { path: 'workflows', lazy: async () => ({ Component: (await import('@/features/workflows/workflows-page')).WorkflowsPage }) },
          { path: 'workflows/:id', lazy: async () => ({ Component: (await import('@/features/editor/editor-page')).EditorPage }) },
          { path: 'runs', lazy: async () => ({ Component: (await import('@/features/runs/runs-page')).RunsPage }) },
          { path: 'runs/errors', lazy: async () => ({ Component: (await import('@/features/runs/errors-page')).ErrorsPage }) },
          { path: 'runs/:id', lazy: async () => ({ Component: (await import('@/features/runs/run-page')).RunPage }) },
          { path: 'events', lazy: async () => ({ Component: (await import('@/features/events/events-page')).EventsPage }) },
          { path: 'events/:id', lazy: async () => ({ Component: (await import('@/features/events/event-page')).EventPage }) },
          { path: 'deliveries', lazy: async () => ({ Component: (await import('@/features/deliveries/deliveries-page')).DeliveriesPage }) },
          { path: 'deliveries/destinations', lazy: async () => ({ Component: (await import('@/features/deliveries/destinations-page')).DestinationsPage }) },
          { path: 'deliveries/:id', lazy: async () => ({ Component: (await import('@/features/deliveries/delivery-page')).DeliveryPage }) },
          { path: 'endpoints', lazy: async () => ({ Component: (await import('@/features/endpoints/endpoints-page')).EndpointsPage }) },
          { path: 'endpoints/types', lazy: async () => ({ Component: (await import('@/features/endpoints/event-types-page')).EventTypesPage }) },
          { path: 'endpoints/:id', lazy: async () => ({ Component: (await import('@/features/endpoints/endpoint-page')).EndpointPage }) },
          { path: 'requests', lazy: async () => ({ Component: (await import('@/features/requests/requests-page')).RequestsPage }) },
          { path: 'requests/:id', lazy: async () => ({ Component: (await import('@/features/requests/request-page')).RequestPage }) },
          { path: 'dashboard', lazy: async () => ({ Component: (await import('@/features/dashboard/dashboard-page')).DashboardPage }) },
          { path: 'state', lazy: async () => ({ Component: (await import('@/features/state/state-page')).StatePage }) },
          { path: 'state/:workflow/:key', lazy: async () => ({ Component: (await import('@/features/state/key-page')).KeyPage }) },
          { path: 'mqtt', lazy: async () => ({ Component: (await import('@/features/mqtt/topics-page')).TopicsPage }) },
          { path: 'mqtt/clients', lazy: async () => ({ Component: (await import('@/features/mqtt/clients-page')).ClientsPage }) },
          { path: 'mqtt/sessions', lazy: async () => ({ Component: (await import('@/features/mqtt/sessions-page')).SessionsPage }) },
          { path: 'mqtt/sessions/:id', lazy: async () => ({ Component: (await import('@/features/mqtt/sessions-page')).SessionPage }) },
          { path: 'mqtt/retained', lazy: async () => ({ Component: (await import('@/features/mqtt/retained-page')).RetainedPage }) },
          { path: 'mqtt/connections', lazy: async () => ({ Component: (await import('@/features/mqtt/connections-page')).ConnectionsPage }) },
          { path: 'mqtt/users', lazy: async () => ({ Component: (await import('@/features/mqtt/users-page')).MqttUsersPage }) },
          { path: 'settings/server', lazy: async () => ({ Component: (await import('@/features/settings/server-page')).ServerPage }) },
          { path: 'settings/schedules', lazy: async () => ({ Component: (await import('@/features/settings/schedules-page')).SchedulesPage }) },
          { path: 'settings/connectors', lazy: async () => ({ Component: (await import('@/features/settings/connectors-page')).ConnectorsPage }) },
          { path: 'settings/connections', lazy: async () => ({ Component: (await import('@/features/settings/connections-page')).ConnectionsPage }) },
          { path: 'settings/secrets', lazy: async () => ({ Component: (await import('@/features/settings/secrets-page')).SecretsPage }) },
          { path: 'settings/users', lazy: async () => ({ Component: (await import('@/features/settings/users-page')).UsersPage }) },
          { path: 'settings/tokens', lazy: async () => ({ Component: (await import('@/features/settings/tokens-page')).TokensPage }) },
          { path: 'settings/sessions', lazy: async () => ({ Component: (await import('@/features/settings/sessions-page')).BrowserSessionsPage }) },
          { path: 'settings/audit', lazy: async () => ({ Component: (await import('@/features/settings/audit-page')).AuditPage }) },
          { path: 'settings/account', lazy: async () => ({ Component: (await import('@/features/settings/account-page')).AccountPage }) },
          { path: 'settings', element: <Navigate to="/settings/server" replace /> },
          { path: '*', lazy: async () => ({ Component: (await import('./not-found')).NotFound }) },
        ],
      },
    ],
  },
])
