import { useInfiniteQuery } from '@tanstack/react-query'
import { Crosshair } from 'lucide-react'
import { useState } from 'react'
import { useRefusal } from '@/api/me'
import { requests, type WebhookRequest } from '@/api/requests'
import { eventTo, requestTo } from '@/parts/addresses'
import { SinceFilter } from '@/parts/filters'
import { Button } from '@/ui/button'
import { Select } from '@/ui/field'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { Captures } from './captures'
import { OutcomeBadge } from './outcome-badge'

const outcomes = ['accepted', 'duplicate', 'refused', 'captured'].map((value) => ({ value, label: value }))

export function RequestsPage() {
  const { values, set, clear, isFiltered } = useFilters('path', 'outcome', 'since')
  const list = useInfiniteQuery({ ...requests(values), refetchInterval: 3_000 })
  const refusal = useRefusal('editor')
  const [isCapturing, setCapturing] = useState(false)
  return (
    <Page
      title="Requests"
      hint="What was sent to webhooks, and why some of it was refused."
      actions={
        <Button icon={<Crosshair aria-hidden />} reason={refusal} onClick={() => setCapturing(true)}>
          Capture a path
        </Button>
      }
      tools={
        <>
          <Select label="Outcome" value={values.outcome} onChoose={(outcome) => set({ outcome })} options={[{ value: '', label: 'Any outcome' }, ...outcomes]} />
          <SearchField label="Path" value={values.path} onChange={(path) => set({ path })} width={220} />
          <SinceFilter value={values.since} onChange={(since) => set({ since })} />
          {isFiltered ? (
            <Button kind="quiet" onClick={clear}>
              Clear
            </Button>
          ) : null}
        </>
      }
    >
      <Captures isAdding={isCapturing} onClose={() => setCapturing(false)} />
      <Listed
        label="Requests"
        list={list}
        columns={columns}
        rowKey={(request) => request.id}
        to={(request) => (request.id.startsWith('evt_') ? eventTo(request.id) : requestTo(request.id))}
        empty={
          isFiltered
            ? { title: 'No request is like this.', children: <Button onClick={clear}>Show all requests</Button> }
            : { title: 'No requests yet.', children: 'Send something to an address below /hooks; it is shown here, with the reason when it is refused.' }
        }
      />
    </Page>
  )
}

const columns: readonly Column<WebhookRequest>[] = [
  { title: 'Outcome', width: '118px', cell: (request) => <OutcomeBadge request={request} /> },
  { title: 'Request', width: '24%', cell: (request) => <><code>{request.method}</code> {request.path}</> },
  { title: 'Answer', width: '76px', cell: (request) => request.status },
  { title: 'Why', cell: (request) => <span title={request.reason ?? ''}>{request.reason ?? (request.workflow ? `${request.workflow} · ${request.trigger ?? ''}` : '–')}</span> },
  { title: 'From', width: '130px', cell: (request) => request.remoteAddress ?? '–' },
  { title: 'Body', width: '76px', align: 'end', cell: (request) => bytes(request.bodySize) },
  { title: 'When', width: '96px', align: 'end', cell: (request) => <Ago at={request.at} /> },
]
