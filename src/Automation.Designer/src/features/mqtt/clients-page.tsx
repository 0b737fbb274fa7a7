import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Unplug } from 'lucide-react'
import { useRefusal } from '@/api/me'
import { clients, disconnectClient, type MqttClient } from '@/api/mqtt'
import { IconButton } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { mqttTabs } from './tabs'

export function ClientsPage() {
  const { values, set } = useFilters('search')
  const list = useInfiniteQuery({ ...clients(values.search), refetchInterval: 5_000 })
  const refusal = useRefusal('operator')
  const queries = useQueryClient()
  const disconnect = useMutation({ mutationFn: disconnectClient, onSettled: () => queries.invalidateQueries({ queryKey: ['mqttClients'] }) })
  const ask = async (id: string) => {
    const yes = await confirmed({ title: `Disconnect ${id}?`, consequences: ['Its connection is closed; most clients come back at once.', 'Its session is kept as it says, with what waits for it.'], action: 'Disconnect', danger: true })
    if (yes) disconnect.mutate(id)
  }
  const columns: readonly Column<MqttClient>[] = [
    { title: 'Client', width: '22%', cell: (client) => <strong>{client.clientId}</strong> },
    { title: 'User', width: '14%', cell: (client) => client.userName ?? '–' },
    { title: 'From', cell: (client) => `${client.address ?? 'socket'} · ${client.transport} · ${client.protocolVersion}` },
    { title: 'Received', width: '120px', align: 'end', cell: (client) => `${client.messagesReceived.toLocaleString('en')} · ${bytes(client.bytesReceived)}` },
    { title: 'Sent', width: '120px', align: 'end', cell: (client) => `${client.messagesSent.toLocaleString('en')} · ${bytes(client.bytesSent)}` },
    { title: 'Connected', width: '100px', align: 'end', cell: (client) => <Ago at={client.connectedAt} /> },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (client) => (
        <IconButton label={`Disconnect ${client.clientId}`} reason={refusal} onClick={() => void ask(client.clientId)}>
          <Unplug aria-hidden />
        </IconButton>
      ),
    },
  ]
  return (
    <Page title="MQTT clients" heading="MQTT" hint="Who is connected now." tabs={<LinkTabs label="Parts of MQTT" tabs={mqttTabs} />} tools={<SearchField label="Search" value={values.search} onChange={(search) => set({ search })} />}>
      <Listed label="Clients" list={list} columns={columns} rowKey={(client) => client.clientId} to={(client) => `/mqtt/sessions/${encodeURIComponent(client.clientId)}`} empty={{ title: values.search ? 'No client is called so.' : 'No client is connected.', children: 'The address of the broker is in what the server prints when it starts.' }} />
    </Page>
  )
}
