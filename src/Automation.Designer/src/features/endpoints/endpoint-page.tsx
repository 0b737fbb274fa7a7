import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ExternalLink, Pause, Pencil, Play, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { deliveries, type DeliverySummary } from '@/api/deliveries'
import { deleteEndpoint, endpoint as endpointQuery, setPaused, type Endpoint } from '@/api/endpoints'
import { useRefusal } from '@/api/me'
import { deliveryTo } from '@/parts/addresses'
import { DeliveryBadge } from '@/parts/states'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { KeyValues } from '@/ui/key-values'
import { Listed, Loaded } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import { Page } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { CodeBlock } from '@/ui/code-block'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { EndpointBadge } from './endpoint-badge'
import { EndpointForm } from './endpoint-form'
import { EndpointSecret } from './endpoint-secret'
import { PortalLinks } from './portal-links'

const up = { to: '/endpoints', label: 'Endpoints' }

export function EndpointPage() {
  const { id = '' } = useParams()
  const query = useQuery(endpointQuery(id))
  if (query.data) return <EndpointView endpoint={query.data} />
  return (
    <Page title="Endpoint" up={up}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  )
}

function EndpointView({ endpoint }: { endpoint: Endpoint }) {
  const { id, config } = endpoint
  const queries = useQueryClient()
  const list = useInfiniteQuery({ ...deliveries({ endpoint: id }), refetchInterval: 5_000 })
  const navigate = useNavigate()
  const [isEditing, setEditing] = useState(false)
  const [isShowing, setShowing] = useState(false)
  const [isLinking, setLinking] = useState(false)
  const operator = useRefusal('operator')
  const editor = useRefusal('editor')
  const admin = useRefusal('admin')
  const fromFile = endpoint.fromFile ? 'A file describes it; change the file.' : undefined
  const settle = () => Promise.all([queries.invalidateQueries({ queryKey: ['endpoint', id] }), queries.invalidateQueries({ queryKey: ['endpoints'] })])
  const pause = useMutation({ mutationFn: (paused: boolean) => setPaused(id, paused), onSuccess: (_, paused) => toast(paused ? 'Its deliveries wait.' : 'It is called again, with what waited for it.'), onSettled: settle })
  const remove = useMutation({ mutationFn: () => deleteEndpoint(id), onSuccess: () => navigate('/endpoints'), onSettled: settle })
  const askRemove = async () => {
    const yes = await confirmed({ title: `Delete ${id}?`, consequences: ['What waits for it is dead.', 'Events are not sent to it any more.', 'Its secret is gone; registered anew it has another.'], action: 'Delete', danger: true })
    if (yes) remove.mutate()
  }
  const isOn = endpoint.state === 'active'
  return (
    <Page
      title={`Endpoint ${id}`}
      up={up}
      heading={
        <>
          {id} <EndpointBadge endpoint={endpoint} />
        </>
      }
      hint={config.description}
      actions={
        <>
          <Button icon={isOn ? <Pause aria-hidden /> : <Play aria-hidden />} reason={operator} disabled={pause.isPending} onClick={() => pause.mutate(isOn)}>
            {isOn ? 'Pause' : 'Resume'}
          </Button>
          <Button icon={<Pencil aria-hidden />} reason={editor ?? fromFile} onClick={() => setEditing(true)}>
            Change
          </Button>
          <Menu
            label="More actions"
            items={[
              { label: 'Link to its portal …', icon: <ExternalLink aria-hidden />, reason: admin, onChoose: () => setLinking(true) },
              { label: 'Secret …', icon: <RefreshCw aria-hidden />, reason: admin, onChoose: () => setShowing(true) },
              { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, reason: editor ?? fromFile, onChoose: () => void askRemove() },
            ]}
          />
        </>
      }
    >
      <Columns>
        <Panel title="Receiver">
          <KeyValues
            items={[
              ['Address', <code key="">{config.url}</code>],
              ['Events', config.events.join(', ')],
              ['Why disabled', endpoint.reason],
              ['Failing since', endpoint.failingSince ? <Ago key="" at={endpoint.failingSince} /> : null],
              ['Registered', <Ago key="" at={endpoint.createdAt} />],
              ['Changed', <Ago key="" at={endpoint.changedAt} />],
            ]}
          />
        </Panel>
        <Panel title="How">
          <KeyValues
            items={[
              ['Signed as', config.signing ?? 'standard-webhooks'],
              ['Bodies', config.format ?? 'plain'],
              ['Order', config.order === 'strict' ? 'same key one at a time, in order' : 'side by side'],
              ['Rate', config.ratePerSecond ? `${config.ratePerSecond} in a second` : "the server's"],
              ['Pauses', config.schedule?.join(' ') ?? "the server's"],
              ['Filter', config.filter ? <code key="">{config.filter}</code> : null],
            ]}
          />
          {config.transform ? <CodeBlock title="Transform" text={config.transform} /> : null}
        </Panel>
      </Columns>
      <Panel title="Deliveries" flush tools={<Link to={`/deliveries?endpoint=${encodeURIComponent(id)}`}>Filter and replay</Link>}>
        <Listed label="Deliveries" list={list} columns={columns} rowKey={(delivery) => delivery.id} to={(delivery) => deliveryTo(delivery.id)} empty={{ title: 'Nothing was sent to it yet.', children: <Link to="/endpoints/types">Emit an event of a type that it gets</Link> }} />
      </Panel>
      {isEditing ? <EndpointForm endpoint={endpoint} onClose={() => setEditing(false)} onSaved={() => undefined} /> : null}
      {isLinking ? <PortalLinks id={id} onClose={() => setLinking(false)} /> : null}
      {isShowing ? <EndpointSecret id={id} onClose={() => setShowing(false)} /> : null}
    </Page>
  )
}

const columns: readonly Column<DeliverySummary>[] = [
  { title: 'State', width: '118px', cell: (delivery) => <DeliveryBadge state={delivery.state} /> },
  { title: 'Delivery', cell: (delivery) => delivery.id },
  { title: 'Attempts', width: '90px', align: 'end', cell: (delivery) => `${delivery.attemptsMade} / ${delivery.maxAttempts}` },
  { title: 'Last answer', width: '24%', cell: (delivery) => delivery.lastStatus ?? delivery.lastError ?? '–' },
  { title: 'Queued', width: '104px', align: 'end', cell: (delivery) => <Ago at={delivery.createdAt} /> },
]
