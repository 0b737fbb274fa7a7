import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { deliveries, deliveryStates, type DeliverySummary } from '@/api/deliveries'
import { useRefusal } from '@/api/me'
import { deliveryTo } from '@/parts/addresses'
import { DestinationFilter, SinceFilter, StateFilter, WorkflowFilter } from '@/parts/filters'
import { DeliveryBadge } from '@/parts/states'
import { Button } from '@/ui/button'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { BulkReplay } from './bulk-replay'
import { deliveryTabs } from './tabs'

export function DeliveriesPage() {
  const { values, set, clear, isFiltered } = useFilters('state', 'workflow', 'run', 'destination', 'endpoint', 'since')
  const list = useInfiniteQuery({ ...deliveries(values), refetchInterval: 5_000 })
  const refusal = useRefusal('operator')
  const [isReplaying, setReplaying] = useState(false)
  return (
    <Page
      title="Deliveries"
      tabs={<LinkTabs label="Views of deliveries" tabs={deliveryTabs} />}
      hint="Outbound webhooks: each is made at least once, tried again, and kept when it is given up."
      actions={
        <Button icon={<RotateCcw aria-hidden />} reason={refusal} onClick={() => setReplaying(true)}>
          Replay dead letters
        </Button>
      }
      tools={
        <>
          <StateFilter value={values.state} onChange={(state) => set({ state })} states={deliveryStates} />
          <WorkflowFilter value={values.workflow} onChange={(workflow) => set({ workflow })} />
          <DestinationFilter value={values.destination} onChange={(destination) => set({ destination })} seen={(list.data ?? []).map(({ destination }) => destination)} width={220} />
          {values.run ? <SearchField label="Run" value={values.run} onChange={(run) => set({ run })} width={170} /> : null}
          <SearchField label="Endpoint" value={values.endpoint} onChange={(endpoint) => set({ endpoint })} width={130} />
          <SinceFilter value={values.since} onChange={(since) => set({ since })} />
          {isFiltered ? (
            <Button kind="quiet" onClick={clear}>
              Clear
            </Button>
          ) : null}
        </>
      }
    >
      <Listed
        label="Deliveries"
        list={list}
        columns={columns}
        rowKey={(delivery) => delivery.id}
        to={(delivery) => deliveryTo(delivery.id)}
        empty={
          isFiltered
            ? { title: 'No delivery is like this.', children: <><p>Workflow, destination and endpoint have to be written whole.</p><Button onClick={clear}>Show all deliveries</Button></> }
            : { title: 'No deliveries yet.', children: <>A step of type webhook.send queues one, and so does an event that an <Link to="/endpoints">endpoint</Link> subscribes to.</> }
        }
      />
      {isReplaying ? (
        <BulkReplay
          initial={{ state: values.state === 'succeeded' ? 'succeeded' : 'dead', workflow: values.workflow, run: values.run, destination: values.destination, endpoint: values.endpoint, since: values.since }}
          onClose={() => setReplaying(false)}
        />
      ) : null}
    </Page>
  )
}

const columns: readonly Column<DeliverySummary>[] = [
  { title: 'State', width: '118px', cell: (delivery) => <DeliveryBadge state={delivery.state} /> },
  { title: 'Destination', width: '26%', cell: (delivery) => delivery.destination },
  { title: 'Queued by', cell: (delivery) => (delivery.endpoint ? `endpoint ${delivery.endpoint}` : `${delivery.workflow} · ${delivery.step}`) },
  { title: 'Attempts', width: '84px', align: 'end', cell: (delivery) => `${delivery.attemptsMade} / ${delivery.maxAttempts}` },
  { title: 'Last answer', width: '17%', cell: lastAnswer },
  { title: 'Next try', width: '100px', align: 'end', cell: (delivery) => (delivery.isBlocked ? 'blocked' : delivery.nextAttemptAt ? <Ago at={delivery.nextAttemptAt} /> : '–') },
  { title: 'Queued', width: '100px', align: 'end', cell: (delivery) => <Ago at={delivery.createdAt} /> },
]

function lastAnswer({ lastStatus, lastError }: DeliverySummary) {
  if (lastStatus === null && lastError === null) return '–'
  return [lastStatus, lastError].filter((part) => part !== null).join(' ')
}
