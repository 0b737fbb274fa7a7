import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { Link, useParams } from 'react-router'
import { event as eventQuery, eventBody } from '@/api/events'
import type { RunSummary } from '@/api/runs'
import { eventTo, runTo } from '@/parts/addresses'
import { useLiveRuns } from '@/parts/live'
import { SaveTestCase } from '@/parts/save-test-case'
import { EventBadge, RunBadge } from '@/parts/states'
import { Copy } from '@/ui/copy'
import { JsonTree } from '@/ui/json-tree'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Empty, Page } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { bytes } from '@/ui/size'
import { Table, type Column } from '@/ui/table'
import { Ago, span } from '@/ui/time'

export function EventPage() {
  const { id = '' } = useParams()
  const query = useQuery(eventQuery(id))
  useLiveRuns(['event'], { of: (run) => query.data?.runs.some(({ id: own }) => own === run.id) ?? true })
  const up = { to: '/events', label: 'Events' }
  if (!query.data)
    return (
      <Page title="Event" up={up}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    )
  const { attributes, data, runs, ...event } = query.data
  return (
    <Page
      layout="wide"
      title={`${event.type} ${event.id}`}
      up={up}
      heading={
        <>
          {event.type} <EventBadge state={event.state} />
        </>
      }
      hint={
        <>
          <code>{event.id}</code> <Copy text={event.id} label="Copy the event's id" />
        </>
      }
      actions={
        <>
          {event.bodyBytes > 0 ? (
            <a href={eventBody(event.id)} download>
              <Download aria-hidden size={14} /> The body as it came
            </a>
          ) : null}
          {runs.length > 0 ? <SaveTestCase runs={runs} /> : null}
        </>
      }
    >
      <KeyValues
        items={[
          ['Source', event.source],
          ['Subject', event.subject],
          ['Trigger', event.trigger],
          ['Accepted', <Ago key="" at={event.acceptedAt} />],
          ['Body', `${bytes(event.bodyBytes)}${event.contentType ? `, ${event.contentType}` : ''}`],
          ['Copy of', event.copyOf ? <Link key="" to={eventTo(event.copyOf)}>{event.copyOf}</Link> : null],
        ]}
      />
      <Panel title={runs.length === 1 ? '1 run' : `${runs.length} runs`} flush>
        {runs.length > 0 ? <Table label="Runs of the event" columns={columns} rows={runs} rowKey={(run) => run.id} to={(run) => runTo(run.id)} /> : <Empty title="It started no run.">A filter of the trigger dropped it, it repeats an earlier event, or it ended a wait of a run that goes on.</Empty>}
      </Panel>
      <Columns least={420}>
        <Panel title="Data">{data === null ? <p>No body is kept.</p> : <JsonTree value={data} path="event.data" depth={4} />}</Panel>
        <Panel title="Attributes">
          <JsonTree value={attributes} path="event" />
        </Panel>
      </Columns>
    </Page>
  )
}

const columns: readonly Column<RunSummary>[] = [
  { title: 'State', width: '124px', cell: (run) => <RunBadge state={run.state} blocked={run.blocked} /> },
  { title: 'Workflow', cell: (run) => run.workflow },
  { title: 'Trigger', width: '18%', cell: (run) => run.trigger },
  { title: 'What went wrong', width: '36%', cell: (run) => run.error?.message ?? '–' },
  { title: 'Took', width: '90px', align: 'end', cell: (run) => (run.startedAt && run.endedAt ? span(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '–') },
]
