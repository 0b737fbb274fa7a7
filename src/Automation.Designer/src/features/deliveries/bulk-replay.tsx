import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { previewReplay, replayDeliveries, type ReplayFilter } from '@/api/deliveries'
import { DestinationFilter, SinceFilter, WorkflowFilter } from '@/parts/filters'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Select } from '@/ui/field'
import { sentencesOf } from '@/ui/page'
import { Progress } from '@/ui/progress'
import { SearchField } from '@/ui/search-field'
import { toast } from '@/ui/toast'
import styles from './deliveries.module.css'

/** Makes all deliveries again that a filter names, saying first how many those are. */
export function BulkReplay({ initial, onClose }: { initial: ReplayFilter; onClose: () => void }) {
  const [filter, setFilter] = useState(initial)
  const [newKey, setNewKey] = useState(false)
  const [done, setDone] = useState(0)
  const [stop] = useState(() => new AbortController())
  const queries = useQueryClient()
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as unknown as ReplayFilter
  const preview = useQuery({ queryKey: ['replayPreview', given], queryFn: () => previewReplay(given), staleTime: 0 })
  const replay = useMutation({
    mutationFn: () => replayDeliveries(given, newKey, setDone, stop.signal),
    onSuccess: (count) => {
      toast(`${count.toLocaleString('en')} ${count === 1 ? 'delivery is' : 'deliveries are'} made again.`)
      if (!stop.signal.aborted) onClose()
    },
    onSettled: () => Promise.all(['deliveries', 'delivery', 'destinations'].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  })
  const change = (changes: Partial<ReplayFilter>) => setFilter({ ...filter, ...changes })
  const count = preview.isFetching && !replay.isPending ? undefined : preview.data // what is counted anew is not replayed unseen
  return (
    <FormDialog
      title="Make deliveries again"
      action={count === undefined ? 'Replay' : `Replay ${count.toLocaleString('en')} ${count === 1 ? 'delivery' : 'deliveries'}`}
      isPending={replay.isPending}
      onSubmit={() => count && replay.mutate()}
      onClose={() => {
        stop.abort() // what is under way is finished, and told
        onClose()
      }}
      problems={preview.error ? sentencesOf(preview.error) : []}
    >
      <div className={styles.line}>
        <Select
          label="State"
          value={filter.state}
          onChoose={(state) => change({ state: state === 'succeeded' ? 'succeeded' : 'dead' })}
          options={[
            { value: 'dead', label: 'dead' },
            { value: 'succeeded', label: 'succeeded' },
          ]}
        />
        <WorkflowFilter value={filter.workflow ?? ''} onChange={(workflow) => change({ workflow })} />
        <DestinationFilter value={filter.destination ?? ''} onChange={(destination) => change({ destination })} seen={[]} width={200} />
        {initial.run ? <SearchField label="Run" value={filter.run ?? ''} onChange={(run) => change({ run })} width={170} /> : null}
        <SearchField label="Endpoint" value={filter.endpoint ?? ''} onChange={(endpoint) => change({ endpoint })} width={130} />
        <SinceFilter value={filter.since ?? ''} onChange={(since) => change({ since })} />
      </div>
      <Checkbox label="With another idempotency key, so that receivers take them for new ones" checked={newKey} onChange={(event) => setNewKey(event.target.checked)} />
      <p aria-live="polite">
        {replay.isPending ? <Progress done={done} of={count ?? 0} /> : count === undefined ? 'Counting …' : count === 0 ? 'No delivery is like this.' : <><strong>{count.toLocaleString('en')}</strong> {count === 1 ? 'delivery is' : 'deliveries are'} made again, the oldest first.</>}
      </p>
    </FormDialog>
  )
}
