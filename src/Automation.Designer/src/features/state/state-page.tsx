import { useInfiniteQuery } from '@tanstack/react-query'
import { keysOf, parkedKeys, type KeySummary } from '@/api/keys'
import { keyTo } from '@/parts/addresses'
import { WorkflowFilter } from '@/parts/filters'
import { useLiveRuns } from '@/parts/live'
import { Badge } from '@/ui/badge'
import { useFilters } from '@/ui/filters'
import { Listed } from '@/ui/listed'
import { Empty, Page } from '@/ui/page'
import { Panel } from '@/ui/panel'
import { SearchField } from '@/ui/search-field'
import { bytes } from '@/ui/size'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { ParkedActions } from './parked-actions'

/** Keys: which are parked, and what each keeps. */
export function StatePage() {
  const { values, set } = useFilters('workflow', 'prefix')
  useLiveRuns(['keys'])
  const parked = useInfiniteQuery(parkedKeys)
  return (
    <Page title="State" hint="What workflows keep for each key, and keys that a failed run holds up.">
      <Panel title="Parked keys" flush>
        <Listed label="Parked keys" list={parked} columns={parkedColumns} rowKey={(item) => `${item.workflow} ${item.key}`} to={(item) => keyTo(item.workflow, item.key)} empty={{ title: 'No key is parked.', children: 'A run that fails parks its key: later runs of it wait, so that they are neither lost nor out of order.' }} />
      </Panel>
      <Panel
        title="Keys of a workflow"
        flush
        tools={
          <>
            <WorkflowFilter value={values.workflow} onChange={(workflow) => set({ workflow })} />
            <SearchField label="Begins with" value={values.prefix} onChange={(prefix) => set({ prefix })} />
          </>
        }
      >
        {values.workflow ? <Keys key={values.workflow} workflow={values.workflow} prefix={values.prefix} /> : <Empty title="Choose a workflow to see its keys." />}
      </Panel>
    </Page>
  )
}

function Keys({ workflow, prefix }: { workflow: string; prefix: string }) {
  const list = useInfiniteQuery(keysOf(workflow, prefix, false))
  return <Listed label="Keys" list={list} columns={columns} rowKey={(item) => item.key} to={(item) => keyTo(workflow, item.key)} empty={{ title: 'It keeps nothing for such keys.', children: 'Scripts write to state, steps such as threshold and debounce remember by themselves.' }} />
}

const parkedColumns: readonly Column<KeySummary>[] = [
  { title: 'Key', width: '16%', cell: (item) => <strong>{item.key}</strong> },
  { title: 'Workflow', width: '16%', cell: (item) => item.workflow },
  { title: 'Why', cell: (item) => <span title={item.parked?.error?.message ?? ''}>{item.parked?.failedStep ? `${item.parked.failedStep}: ` : ''}{item.parked?.error?.message ?? 'its run failed'}</span> },
  { title: 'Waiting', width: '84px', align: 'end', cell: (item) => (item.waiting > 0 ? <Badge tone="warn">{item.waiting.toLocaleString('en')}</Badge> : '–') },
  { title: 'Since', width: '92px', align: 'end', cell: (item) => <Ago at={item.parked?.at ?? null} /> },
  { title: 'Let it go on', width: '300px', align: 'end', cell: (item) => <ParkedActions item={item} /> },
]

const columns: readonly Column<KeySummary>[] = [
  { title: 'Key', cell: (item) => <><strong>{item.key}</strong> {item.parked ? <Badge tone="bad">parked</Badge> : null}</> },
  { title: 'State', width: '110px', align: 'end', cell: (item) => (item.stateSize === null ? '–' : bytes(item.stateSize)) },
  { title: 'Waiting', width: '90px', align: 'end', cell: (item) => item.waiting || '–' },
  { title: 'Changed', width: '110px', align: 'end', cell: (item) => <Ago at={item.updatedAt} /> },
  { title: 'Forgotten', width: '110px', align: 'end', cell: (item) => <Ago at={item.expiresAt} /> },
]
