import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { useRefusal } from '@/api/me'
import { runs, runSearch, runStates, type RunSummary } from '@/api/runs'
import { runTo } from '@/parts/addresses'
import { SinceFilter, StateFilter, WorkflowFilter } from '@/parts/filters'
import { useLiveRuns } from '@/parts/live'
import { LiveDot } from '@/parts/live-dot'
import { RunBadge } from '@/parts/states'
import { Button } from '@/ui/button'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { LinkTabs } from '@/ui/tabs'
import type { Column } from '@/ui/table'
import { Ago, span } from '@/ui/time'
import { BulkRetry } from './bulk-retry'

export const runTabs = [
  { to: '/runs', label: 'All runs', end: true },
  { to: '/runs/errors', label: 'Errors' },
]

export function RunsPage() {
  const { values, set, clear, isFiltered } = useFilters('workflow', 'state', 'key', 'since', 'search')
  const [isRetrying, setRetrying] = useState(false)
  const isSearch = values.search.trim() !== ''
  const listed = useInfiniteQuery({ ...runs(values), enabled: !isSearch })
  const search = useInfiniteQuery({ ...runSearch(values), enabled: isSearch })
  const list = isSearch ? { ...search, data: search.data?.items } : listed
  const searched = search.data?.searched.toLocaleString('en')
  const isLive = useLiveRuns(['runs'])
  const refusal = useRefusal('operator')
  return (
    <Page
      title="Runs"
      heading={
        <>
          Runs {isSearch ? null : <LiveDot isLive={isLive} />}
        </>
      }
      tabs={<LinkTabs label="Views of runs" tabs={runTabs} />}
      hint={isSearch ? 'Found by an id of a run, event or delivery, or by words in workflow, key, step, error and event data.' : 'The newest first; the list changes by itself.'}
      actions={
        <Button icon={<RotateCcw aria-hidden />} reason={refusal ?? (isSearch ? 'Runs are retried by filters, not by words: clear the search first.' : undefined)} onClick={() => setRetrying(true)}>
          Retry failed runs
        </Button>
      }
      tools={
        <>
          <SearchField label="Search" value={values.search} onChange={(search) => set({ search })} width={220} />
          <StateFilter value={values.state} onChange={(state) => set({ state })} states={runStates} />
          <WorkflowFilter value={values.workflow} onChange={(workflow) => set({ workflow })} />
          {values.workflow ? <SearchField label="Key" value={values.key} onChange={(key) => set({ key })} /> : null}
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
        label="Runs"
        list={list}
        columns={columns}
        rowKey={(run) => run.id}
        to={(run) => runTo(run.id)}
        empty={
          isSearch && search.hasNextPage
            ? { title: `None of the newest ${searched} runs is about this.`, children: <Button onClick={() => void search.fetchNextPage()} disabled={search.isFetchingNextPage}>{search.isFetchingNextPage ? 'Searching …' : 'Search older runs'}</Button> }
            : isFiltered
            ? { title: 'No run is like this.', children: <Button onClick={clear}>Show all runs</Button> }
            : { title: 'No runs yet.', children: <>Send an event to one of the <Link to="/workflows">workflows</Link>, and its run appears here by itself.</> }
        }
      />
      {isSearch && search.data && search.data.items.length > 0 && search.hasNextPage ? <p>{searched} runs were looked at.</p> : null}
      {isRetrying ? <BulkRetry initial={{ workflow: values.workflow, key: values.workflow ? values.key : '', since: values.since }} onClose={() => setRetrying(false)} /> : null}
    </Page>
  )
}

const columns: readonly Column<RunSummary>[] = [
  { title: 'State', width: '124px', cell: (run) => <RunBadge state={run.state} blocked={run.blocked} /> },
  { title: 'Workflow', width: '24%', cell: (run) => run.workflow },
  { title: 'Key', width: '14%', cell: (run) => run.key ?? '–' },
  { title: 'What went wrong', cell: (run) => (run.error ? <span title={run.error.message}>{`${run.failedStep ? `${run.failedStep}: ` : ''}${run.error.message}`}</span> : '–') },
  { title: 'Took', width: '84px', align: 'end', cell: (run) => (run.startedAt && run.endedAt ? span(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '–') },
  { title: 'Accepted', width: '104px', align: 'end', cell: (run) => <Ago at={run.createdAt} /> },
]
