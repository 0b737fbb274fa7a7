import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { previewRetries, retryRuns, type RetryFilter, type RetryKind } from '@/api/runs'
import { SinceFilter, WorkflowFilter } from '@/parts/filters'
import { FormDialog } from '@/ui/dialog'
import { Labelled, Select } from '@/ui/field'
import { sentencesOf } from '@/ui/page'
import { Progress } from '@/ui/progress'
import { SearchField } from '@/ui/search-field'
import { toast } from '@/ui/toast'
import styles from './run.module.css'

const kinds: readonly { value: RetryKind; label: string }[] = [
  { value: 'failedStep', label: 'From the failed step, in the version they have' },
  { value: 'failedStepNewest', label: 'From the failed step, in the newest version' },
  { value: 'start', label: 'From the start, in the version they have' },
  { value: 'newest', label: 'From the start, with the newest version' },
]

/** Retries all failed runs that a filter names, saying first how many those are. */
export function BulkRetry({ initial, onClose }: { initial: RetryFilter; onClose: () => void }) {
  const [filter, setFilter] = useState(initial)
  const [kind, setKind] = useState<RetryKind>('failedStep')
  const [done, setDone] = useState(0)
  const [stop] = useState(() => new AbortController())
  const queries = useQueryClient()
  /** Of one group of errors: just its runs, also where it has no step or no message. */
  const isGroup = initial.message !== undefined
  const given = isGroup ? filter : Object.fromEntries(Object.entries(filter).filter(([, value]) => value))
  const preview = useQuery({ queryKey: ['retryPreview', given], queryFn: () => previewRetries(given), staleTime: 0 })
  const retry = useMutation({
    mutationFn: () => retryRuns(given, kind, setDone, stop.signal),
    onSuccess: ({ retried, refused }) => {
      toast(`${retried} ${retried === 1 ? 'run was' : 'runs were'} retried.${refused.length > 0 ? ` ${refused.length} could not be: ${refused[0]?.reason ?? ''}` : ''}`, refused.length > 0 ? 'bad' : 'good')
      if (!stop.signal.aborted) onClose()
    },
    onSettled: () => Promise.all(['runs', 'runSearch', 'runErrors', 'run'].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  })
  const change = (changes: RetryFilter) => setFilter({ ...filter, ...changes })
  const matching = preview.isFetching && !retry.isPending ? undefined : preview.data?.matching // what is counted anew is not retried unseen
  return (
    <FormDialog
      title="Retry failed runs"
      action={matching === undefined ? 'Retry' : `Retry ${matching.toLocaleString('en')} ${matching === 1 ? 'run' : 'runs'}`}
      isPending={retry.isPending}
      onSubmit={() => matching && retry.mutate()}
      onClose={() => {
        stop.abort() // what is under way is finished, and told
        onClose()
      }}
      problems={preview.error ? sentencesOf(preview.error) : []}
    >
      {isGroup ? (
        <p>
          Runs of <strong>{filter.workflow}</strong> that failed {filter.failedStep ? <>at <strong>{filter.failedStep}</strong></> : 'at no step'} with {filter.errorCode ? <code>{filter.errorCode}</code> : 'no code'}
          {filter.message ? `: ${filter.message}` : '.'}
        </p>
      ) : (
        <div className={styles.line}>
          <WorkflowFilter value={filter.workflow ?? ''} onChange={(workflow) => change({ workflow, key: '' })} />
          {filter.workflow ? <SearchField label="Key" value={filter.key ?? ''} onChange={(key) => change({ key })} width={130} /> : null}
          <SearchField label="Failed step" value={filter.failedStep ?? ''} onChange={(failedStep) => change({ failedStep })} width={130} />
          <SearchField label="Error code" value={filter.errorCode ?? ''} onChange={(errorCode) => change({ errorCode })} width={130} />
          <SinceFilter value={filter.since ?? ''} onChange={(since) => change({ since })} />
        </div>
      )}
      <Labelled label="How" help="Steps with an effect repeat with the same idempotency key, so that receivers can tell.">
        {(id) => <Select id={id} label="How" value={kind} onChoose={(value) => setKind(kinds.find((each) => each.value === value)?.value ?? 'failedStep')} options={kinds} />}
      </Labelled>
      <p aria-live="polite">
        {retry.isPending ? (
          <Progress done={done} of={matching ?? 0} />
        ) : matching === undefined ? (
          'Counting …'
        ) : matching === 0 ? (
          'No failed run is like this.'
        ) : (
          <>
            <strong>{matching.toLocaleString('en')}</strong> failed {matching === 1 ? 'run is' : 'runs are'} retried, the oldest first.
          </>
        )}
      </p>
    </FormDialog>
  )
}
