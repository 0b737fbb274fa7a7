import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { events, eventStates, type EventSummary } from '@/api/events'
import { idQueries } from '@/api/ids'
import { everyPage } from '@/api/pages'
import { eventTo } from '@/parts/addresses'
import { SinceFilter, StateFilter, WorkflowFilter } from '@/parts/filters'
import { useLiveRuns } from '@/parts/live'
import { LiveDot } from '@/parts/live-dot'
import { EventBadge } from '@/parts/states'
import { Button } from '@/ui/button'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'

const filters = ['state', 'workflow', 'trigger', 'type', 'since'] as const
const unfiltered = Object.fromEntries(filters.map((name) => [name, '']))

export function EventsPage() {
  const { values, set, clear, isFiltered } = useFilters(...filters)
  const list = useInfiniteQuery({ ...events(values), refetchInterval: everyPage(3_000) }) // also those that start no run
  const types = [...(useQuery(idQueries.eventTypes).data ?? []), ...(useInfiniteQuery(events(unfiltered)).data ?? []).map(({ type }) => type)]
  const isLive = useLiveRuns(['events'])
  return (
    <Page
      title="Events"
      heading={
        <>
          Events <LiveDot isLive={isLive} />
        </>
      }
      hint="What came in: stored before its sender was told so."
      tools={
        <>
          <StateFilter value={values.state} onChange={(state) => set({ state })} states={eventStates} />
          <WorkflowFilter value={values.workflow} onChange={(workflow) => set({ workflow })} />
          <SearchField label="Type" value={values.type} onChange={(type) => set({ type })} list={types} />
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
        label="Events"
        list={list}
        columns={columns}
        rowKey={(event) => event.id}
        to={(event) => eventTo(event.id)}
        empty={
          isFiltered
            ? { title: 'No event is like this.', children: <><p>Workflow and type have to be written whole.</p><Button onClick={clear}>Show all events</Button></> }
            : { title: 'No events yet.', children: <>Call the address of a webhook trigger; the <Link to="/workflows">workflows</Link> list what they start on.</> }
        }
      />
    </Page>
  )
}

const columns: readonly Column<EventSummary>[] = [
  { title: 'State', width: '124px', cell: (event) => <EventBadge state={event.state} /> },
  { title: 'Type', width: '22%', cell: (event) => event.type },
  { title: 'Source', cell: (event) => (event.subject ? `${event.source} · ${event.subject}` : event.source) },
  { title: 'Trigger', width: '100px', cell: (event) => event.trigger },
  { title: 'Body', width: '84px', align: 'end', cell: (event) => bytes(event.bodyBytes) },
  { title: 'Open', width: '70px', align: 'end', cell: (event) => event.openRuns || '–' },
  { title: 'Accepted', width: '104px', align: 'end', cell: (event) => <Ago at={event.acceptedAt} /> },
]
