import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useNavigate, useParams } from 'react-router'
import { useRefusal } from '@/api/me'
import { endSession, session as sessionQuery, sessions, subscriptions, type MqttSession, type Subscription } from '@/api/mqtt'
import { everyPage } from '@/api/pages'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { Select } from '@/ui/field'
import { useFilters } from '@/ui/filters'
import { KeyValues } from '@/ui/key-values'
import { Listed, Loaded } from '@/ui/listed'
import { Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago, span } from '@/ui/time'
import { mqttTabs } from './tabs'

export function SessionsPage() {
  const { values, set } = useFilters('search', 'state')
  const list = useInfiniteQuery({ ...sessions(values.search, values.state), refetchInterval: 5_000 })
  return (
    <Page
      title="MQTT sessions"
      heading="MQTT"
      hint="What the broker remembers of clients, those that are away too."
      tabs={<LinkTabs label="Parts of MQTT" tabs={mqttTabs} />}
      tools={
        <>
          <SearchField label="Search" value={values.search} onChange={(search) => set({ search })} />
          <Select label="State" value={values.state} onChoose={(state) => set({ state })} options={['', 'connected', 'away'].map((value) => ({ value, label: value || 'Any state' }))} />
        </>
      }
    >
      <Listed label="Sessions" list={list} columns={columns} rowKey={(session) => session.clientId} to={(session) => `/mqtt/sessions/${encodeURIComponent(session.clientId)}`} empty={{ title: 'No session is like this.' }} />
    </Page>
  )
}

const columns: readonly Column<MqttSession>[] = [
  { title: 'State', width: '120px', cell: (session) => <Badge tone={session.state === 'connected' ? 'good' : 'neutral'}>{session.state}</Badge> },
  { title: 'Client', cell: (session) => <strong>{session.clientId}</strong> },
  { title: 'User', width: '14%', cell: (session) => session.userName ?? '–' },
  { title: 'Subscriptions', width: '110px', align: 'end', cell: (session) => session.subscriptionCount },
  { title: 'Waiting', width: '130px', align: 'end', cell: (session) => (session.queuedMessages > 0 ? `${session.queuedMessages.toLocaleString('en')} · ${bytes(session.queuedBytes)}` : '–') },
  { title: 'Dropped', width: '90px', align: 'end', cell: (session) => session.messagesDropped || '–' },
  { title: 'Ends', width: '100px', align: 'end', cell: (session) => (session.expiresAt ? <Ago at={session.expiresAt} /> : '–') },
]

export function SessionPage() {
  const { id = '' } = useParams()
  const query = useQuery({ ...sessionQuery(id), refetchInterval: 5_000 })
  const list = useInfiniteQuery({ ...subscriptions(id), refetchInterval: everyPage(5_000) })
  const queries = useQueryClient()
  const navigate = useNavigate()
  const refusal = useRefusal('operator')
  const end = useMutation({ mutationFn: () => endSession(id), onSuccess: () => navigate('/mqtt/sessions'), onSettled: () => queries.invalidateQueries({ queryKey: ['mqttSessions'] }) })
  const ask = async () => {
    const yes = await confirmed({ title: `End the session of ${id}?`, consequences: ['Its connection is closed, its subscriptions are gone.', 'Messages that wait for it are dropped.'], action: 'End it', danger: true })
    if (yes) end.mutate()
  }
  return (
    <Page
      title={`Session ${id}`}
      heading={id}
      up={{ to: '/mqtt/sessions', label: 'Sessions' }}
      actions={
        <Button kind="danger" icon={<Trash2 aria-hidden />} reason={refusal} onClick={() => void ask()}>
          End the session
        </Button>
      }
    >
      <Loaded query={query}>
        {({ session, client }) => (
          <>
            <KeyValues
              items={[
                ['State', <Badge key="" tone={session.state === 'connected' ? 'good' : 'neutral'}>{session.state}</Badge>],
                ['User', session.userName],
                ['Connected', client ? <Ago key="" at={client.connectedAt} /> : null],
                ['From', client ? `${client.address ?? 'socket'} · ${client.transport} · MQTT ${client.protocolVersion}` : null],
                ['Keep alive', client ? (client.keepAliveSeconds > 0 ? span(client.keepAliveSeconds * 1000) : 'none') : null],
                ['Kept without a connection', session.expirySeconds > 0 ? span(session.expirySeconds * 1000) : 'no'],
                ['Ends', session.expiresAt ? <Ago key="" at={session.expiresAt} /> : null],
                ['Waiting', `${session.queuedMessages.toLocaleString('en')} messages, ${bytes(session.queuedBytes)}`],
                ['Not acknowledged', session.inFlight],
                ['Dropped', session.messagesDropped],
              ]}
            />
            <Panel title="Subscriptions" flush>
              <Listed label="Subscriptions" list={list} columns={subscriptionColumns} rowKey={(each) => `${each.shareName ?? ''}/${each.filter}`} empty={{ title: 'It has none.' }} />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  )
}

const subscriptionColumns: readonly Column<Subscription>[] = [
  { title: 'Filter', cell: (each) => <code>{each.filter}</code> },
  { title: 'Share', width: '18%', cell: (each) => each.shareName ?? '–' },
  { title: 'QoS', width: '80px', cell: (each) => each.qos },
  { title: 'Access', width: '160px', cell: (each) => (each.allowed ? <Badge tone="good">allowed</Badge> : <Badge tone="bad">not allowed any more</Badge>) },
]
