import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { useRefusal } from '@/api/me'
import { runErrors, type ErrorGroup, type RetryFilter } from '@/api/runs'
import { runTo } from '@/parts/addresses'
import { SinceFilter } from '@/parts/filters'
import { useLiveRuns } from '@/parts/live'
import { Badge } from '@/ui/badge'
import { IconButton } from '@/ui/button'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { BulkRetry } from './bulk-retry'
import { runTabs } from './runs-page'

/** Failed runs, put together by where and how they failed. */
export function ErrorsPage() {
  const { values, set } = useFilters('since')
  const since = values.since || '24h'
  const groups = useInfiniteQuery(runErrors(since))
  const [retrying, setRetrying] = useState<RetryFilter | null>(null)
  const refusal = useRefusal('operator')
  useLiveRuns(['runErrors'], { every: 5_000 }) // each time all failed runs are looked at
  const columns: readonly Column<ErrorGroup>[] = [
    { title: 'Runs', width: '76px', cell: (group) => <Badge tone="bad">{group.count.toLocaleString('en')}</Badge> },
    { title: 'What went wrong', cell: (group) => <span title={group.lastMessage}>{(group.count === 1 ? group.lastMessage : group.message) || '–'}</span> },
    { title: 'Where', width: '24%', cell: (group) => `${group.workflow}${group.step ? ` · ${group.step}` : ''}` },
    { title: 'Code', width: '15%', cell: (group) => <code>{group.code}</code> },
    { title: 'Last', width: '100px', align: 'end', cell: (group) => <Ago at={group.lastAt} /> },
    {
      title: 'Retry',
      width: '64px',
      align: 'end',
      cell: (group) => (
        <IconButton label={`Retry these ${group.count}`} reason={refusal} onClick={() => setRetrying({ workflow: group.workflow, failedStep: group.step ?? '', errorCode: group.code, message: group.message, since })}>
          <RotateCcw aria-hidden />
        </IconButton>
      ),
    },
  ]
  return (
    <Page title="Errors" heading="Runs" tabs={<LinkTabs label="Views of runs" tabs={runTabs} />} hint="Failed runs by where and how they failed; a row leads to the last of them." tools={<SinceFilter value={since} onChange={(value) => set({ since: value })} />}>
      {groups.data?.lookedBackTo ? (
        <p>
          The newest {groups.data.looked.toLocaleString('en')} failed runs, back to <Ago at={groups.data.lookedBackTo} />. Choose a shorter time to see them all.
        </p>
      ) : null}
      <Listed
        label="Errors"
        list={{ ...groups, data: groups.data?.items }}
        columns={columns}
        rowKey={(group) => `${group.workflow} ${group.step} ${group.code} ${group.message}`}
        to={(group) => runTo(group.lastRun)}
        empty={{ title: 'Nothing failed.', children: <Link to="/runs">See all runs</Link> }}
      />
      {retrying ? <BulkRetry initial={retrying} onClose={() => setRetrying(null)} /> : null}
    </Page>
  )
}
