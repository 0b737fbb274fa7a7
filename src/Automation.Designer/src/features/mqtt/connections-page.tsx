import { useInfiniteQuery } from '@tanstack/react-query'
import { connections, type Connection } from '@/api/mqtt'
import { Badge, type Tone } from '@/ui/badge'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { mqttTabs } from './tabs'

const tones: Readonly<Record<Connection['state'], Tone>> = { stopped: 'neutral', connecting: 'info', connected: 'good', waiting: 'warn' }

export function ConnectionsPage() {
  const list = useInfiniteQuery({ ...connections, refetchInterval: 5_000 })
  return (
    <Page title="MQTT connections" heading="MQTT" hint="Connections to brokers of others." tabs={<LinkTabs label="Parts of MQTT" tabs={mqttTabs} />}>
      <Listed label="Connections" list={list} columns={columns} rowKey={(each) => each.name} empty={{ title: 'There is no connection to another broker.', children: 'Name one in the settings, under MqttConnections; triggers and steps then say connection.' }} />
    </Page>
  )
}

const columns: readonly Column<Connection>[] = [
  { title: 'State', width: '120px', cell: (each) => <Badge tone={tones[each.state]}>{each.state}</Badge> },
  { title: 'Name', width: '16%', cell: (each) => <strong>{each.name}</strong> },
  { title: 'Broker', width: '24%', cell: (each) => each.server },
  { title: 'Why not', cell: (each) => <span title={each.reason ?? ''}>{each.state === 'connected' ? '–' : (each.reason ?? '–')}</span> },
  { title: 'Queued', width: '84px', align: 'end', cell: (each) => each.queuedMessages || '–' },
  { title: 'Next try', width: '96px', align: 'end', cell: (each) => (each.nextAttempt ? <Ago at={each.nextAttempt} /> : '–') },
  { title: 'Since', width: '96px', align: 'end', cell: (each) => <Ago at={each.since} /> },
]
