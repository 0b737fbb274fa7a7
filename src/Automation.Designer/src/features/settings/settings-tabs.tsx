import { may, me, type Role } from '@/api/me'
import { useQuery } from '@tanstack/react-query'
import { LinkTabs } from '@/ui/tabs'

const tabs: readonly { to: string; label: string; needs: Role }[] = [
  { to: '/settings/server', label: 'Server', needs: 'viewer' },
  { to: '/settings/schedules', label: 'Schedules', needs: 'viewer' },
  { to: '/settings/connectors', label: 'Connectors', needs: 'viewer' },
  { to: '/settings/connections', label: 'Connections', needs: 'editor' },
  { to: '/settings/secrets', label: 'Secrets', needs: 'editor' },
  { to: '/settings/users', label: 'Users', needs: 'admin' },
  { to: '/settings/tokens', label: 'Tokens', needs: 'admin' },
  { to: '/settings/sessions', label: 'Sessions', needs: 'admin' },
  { to: '/settings/audit', label: 'Audit', needs: 'admin' },
  { to: '/settings/account', label: 'Account', needs: 'viewer' },
]

/** The pages of settings that the user's role may see. */
export function SettingsTabs() {
  const caller = useQuery(me).data
  return <LinkTabs label="Settings" tabs={tabs.filter(({ needs }) => may(caller, needs))} />
}
