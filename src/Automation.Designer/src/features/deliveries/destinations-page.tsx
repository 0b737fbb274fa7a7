import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { destinations, type Destination } from '@/api/deliveries'
import { Badge } from '@/ui/badge'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { deliveryTabs } from './tabs'

/** The queue of each receiver, and whether it is called at all now. */
export function DestinationsPage() {
  const list = useInfiniteQuery(destinations(null))
  return (
    <Page title="Destinations" heading="Deliveries" tabs={<LinkTabs label="Views of deliveries" tabs={deliveryTabs} />} hint="Each receiver has a queue of its own: one that hangs or fails holds up no other.">
      <Listed
        label="Destinations"
        list={list}
        columns={columns}
        rowKey={(each) => each.destination}
        to={(each) => `/deliveries?destination=${encodeURIComponent(each.destination)}`}
        empty={{ title: 'Nothing waits.', children: <>Receivers with deliveries that wait, are tried again or are dead appear here. <Link to="/deliveries">See all deliveries</Link></> }}
      />
    </Page>
  )
}

const number = (count: number) => (count > 0 ? count.toLocaleString('en') : '–')

const columns: readonly Column<Destination>[] = [
  { title: 'Destination', cell: (each) => (each.endpoint === null ? each.destination : `Endpoint ${each.endpoint}`) },
  { title: 'Circuit', width: '190px', cell: (each) => <Circuit destination={each} /> },
  { title: 'Waiting', width: '84px', align: 'end', cell: (each) => number(each.waiting) },
  { title: 'Retrying', width: '84px', align: 'end', cell: (each) => number(each.retrying) },
  { title: 'Dead', width: '76px', align: 'end', cell: (each) => (each.dead > 0 ? <Badge tone="bad">{number(each.dead)}</Badge> : '–') },
  { title: 'Rate', width: '84px', align: 'end', cell: (each) => (each.ratePerSecond === null ? 'no limit' : `${each.ratePerSecond}/s`) },
  { title: 'Last error', width: '20%', cell: (each) => (each.lastError === null ? '–' : <code>{each.lastError}</code>) },
]

/** An open circuit is tried again by itself; a receiver may also ask to be left alone for a while. */
function Circuit({ destination: { circuit, openUntil } }: { destination: Destination }) {
  return (
    <>
      {circuit === 'open' ? <Badge tone="bad">open</Badge> : <Badge tone={openUntil === null ? 'good' : 'warn'}>{openUntil === null ? 'closed' : 'asked to wait'}</Badge>}
      {openUntil === null ? null : (
        <>
          {' '}
          next call <Ago at={openUntil} />
        </>
      )}
    </>
  )
}
