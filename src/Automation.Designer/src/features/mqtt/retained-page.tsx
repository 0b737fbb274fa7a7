import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useRefusal } from '@/api/me'
import { removeRetained, retained, retainedMessage, type Retained } from '@/api/mqtt'
import { Button, IconButton } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { useFilters } from '@/ui/filters'
import { JsonTree } from '@/ui/json-tree'
import { Listed, Loaded } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { mqttTabs } from './tabs'

export function RetainedPage() {
  const { values, set } = useFilters('filter')
  const list = useInfiniteQuery(retained(values.filter))
  const refusal = useRefusal('editor')
  const queries = useQueryClient()
  const [shown, setShown] = useState<string | null>(null)
  const remove = useMutation({ mutationFn: removeRetained, onSettled: () => queries.invalidateQueries({ queryKey: ['mqttRetained'] }) })
  const ask = async (topic: string) => {
    const yes = await confirmed({ title: `Remove the retained message of ${topic}?`, consequences: ['Who subscribes later does not get it any more.', 'Who has it already keeps it.'], action: 'Remove', danger: true })
    if (yes) remove.mutate(topic)
  }
  const columns: readonly Column<Retained>[] = [
    {
      title: 'Topic',
      cell: (message) => (
        <Button kind="quiet" onClick={() => setShown(message.topic)}>
          {message.topic}
        </Button>
      ),
    },
    { title: 'Content type', width: '22%', cell: (message) => message.contentType ?? '–' },
    { title: 'QoS', width: '70px', cell: (message) => message.qos },
    { title: 'Size', width: '100px', align: 'end', cell: (message) => bytes(message.payloadBytes) },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (message) => (
        <IconButton label={`Remove the retained message of ${message.topic}`} reason={refusal} onClick={() => void ask(message.topic)}>
          <Trash2 aria-hidden />
        </IconButton>
      ),
    },
  ]
  return (
    <Page title="Retained messages" heading="MQTT" hint="The last message of a topic, for those who subscribe later." tabs={<LinkTabs label="Parts of MQTT" tabs={mqttTabs} />} tools={<SearchField label="Filter" value={values.filter} onChange={(filter) => set({ filter })} width={260} />}>
      <Listed label="Retained messages" list={list} columns={columns} rowKey={(message) => message.topic} empty={{ title: values.filter ? 'No topic of this filter has one.' : 'No message is retained.', children: 'Publish one with retain, on the page of topics.' }} />
      {shown === null ? null : <RetainedMessage topic={shown} onClose={() => setShown(null)} />}
    </Page>
  )
}

function RetainedMessage({ topic, onClose }: { topic: string; onClose: () => void }) {
  const query = useQuery(retainedMessage(topic))
  return (
    <Dialog title={topic} wide onClose={onClose}>
      <Loaded query={query}>{(message) => <JsonTree value={message.payload} path="event.data" depth={4} />}</Loaded>
    </Dialog>
  )
}
