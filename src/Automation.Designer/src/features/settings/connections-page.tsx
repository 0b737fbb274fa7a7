import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link2, Unlink } from 'lucide-react'
import { useRefusal, useMay } from '@/api/me'
import { connect, connections, disconnect, type Connection } from '@/api/server'
import { workflowTo } from '@/parts/addresses'
import { Badge, type Tone } from '@/ui/badge'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { Listed } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { Link } from 'react-router'
import { SettingsPage } from './settings-page'

const states: Readonly<Record<Connection['state'], { tone: Tone; text: string }>> = {
  connected: { tone: 'good', text: 'connected' },
  ready: { tone: 'good', text: 'ready' },
  notConnected: { tone: 'warn', text: 'not connected' },
  missingSecrets: { tone: 'bad', text: 'secrets missing' },
}

export function ConnectionsPage() {
  const isAllowed = useMay('editor')
  const admin = useRefusal('admin')
  const list = useInfiniteQuery({ ...connections, enabled: isAllowed })
  const queries = useQueryClient()
  const open = useMutation({ mutationFn: ({ connector, connection }: Connection) => connect(connector, connection), onSuccess: ({ url }) => window.location.assign(url) })
  const end = useMutation({ mutationFn: ({ connector, connection }: Connection) => disconnect(connector, connection), onSettled: () => queries.invalidateQueries({ queryKey: ['connections'] }) })
  const ask = async (each: Connection) => {
    const yes = await confirmed({ title: `Disconnect ${each.connection}?`, consequences: ['Its tokens are deleted here; end the consent at the service too.', each.usedBy.length > 0 ? `Steps of ${each.usedBy.join(', ')} fail until it is connected again.` : 'No workflow uses it.'], action: 'Disconnect', danger: true })
    if (yes) end.mutate(each)
  }
  const columns: readonly Column<Connection>[] = [
    { title: 'State', width: '144px', cell: (each) => <Badge tone={states[each.state].tone}>{states[each.state].text}</Badge> },
    { title: 'Connection', width: '18%', cell: (each) => <><strong>{each.connection}</strong> {each.connector === each.connection ? null : each.connector}</> },
    { title: 'What to do', cell: (each) => (each.missingSecrets.length > 0 ? <Link to="/settings/secrets" title={each.problem ?? ''}>Set {each.missingSecrets.join(', ')}</Link> : <span title={each.problem ?? ''}>{each.problem ?? '–'}</span>) },
    { title: 'Used by', width: '18%', cell: (each) => each.usedBy.map((id, place) => <span key={id}>{place > 0 ? ', ' : ''}<Link to={workflowTo(id)}>{id}</Link></span>) },
    { title: 'Token until', width: '104px', align: 'end', cell: (each) => <Ago at={each.expiresAt} /> },
    {
      title: '',
      width: '150px',
      align: 'end',
      cell: (each) =>
        each.grant !== 'authorization_code' ? null : each.state === 'notConnected' ? (
          <Button icon={<Link2 aria-hidden />} reason={admin} disabled={open.isPending} onClick={() => open.mutate(each)}>
            Connect
          </Button>
        ) : (
          <Menu
            label={`Actions for ${each.connection}`}
            items={[
              { label: 'Connect another account', icon: <Link2 aria-hidden />, reason: admin ?? (each.state === 'missingSecrets' ? 'Set its secrets first.' : undefined), onChoose: () => open.mutate(each) },
              { label: 'Disconnect', icon: <Unlink aria-hidden />, danger: true, reason: admin, onChoose: () => void ask(each) },
            ]}
          />
        ),
    },
  ]
  return (
    <SettingsPage title="Connections" hint="Accounts at other services that steps of workflows use." needs="editor">
      <Listed label="Connections" list={list} columns={columns} rowKey={(each) => `${each.connector} ${each.connection}`} empty={{ title: 'No workflow uses a connector.', children: <>The <Link to="/settings/connectors">connectors</Link> say which steps there are, and what each needs.</> }} />
    </SettingsPage>
  )
}
