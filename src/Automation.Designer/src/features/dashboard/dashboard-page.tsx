import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { Link } from 'react-router'
import { deliveries, destinations } from '@/api/deliveries'
import { parkedKeys } from '@/api/keys'
import { runErrors, runs } from '@/api/runs'
import { health } from '@/api/server'
import { stats, type Span } from '@/api/stats'
import { workflows } from '@/api/workflows'
import { useLiveRuns } from '@/parts/live'
import { Badge } from '@/ui/badge'
import { Select } from '@/ui/field'
import { useFilters } from '@/ui/filters'
import { Loading, Page, Problem, sentencesOf } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { mattersOf } from './attention'
import styles from './dashboard.module.css'
import { Plots } from './plots'

/** How the server fares: what needs a person first, then figures over time. */
export function DashboardPage() {
  const { values, set } = useFilters('span')
  const span: Span = values.span === '24h' ? '24h' : '1h'
  return (
    <Page
      title="Dashboard"
      layout="wide"
      actions={
        <Select
          label="Time"
          value={span}
          onChoose={(next) => set({ span: next })}
          options={[
            { value: '1h', label: 'The last hour' },
            { value: '24h', label: 'The last day' },
          ]}
        />
      }
    >
      <Attention />
      <Figures span={span} />
    </Page>
  )
}

function Attention() {
  useLiveRuns(['runs', 'keys'])
  useLiveRuns(['runErrors'], { every: 5_000 })
  const waiting = useInfiniteQuery(runs({ state: 'waiting' }))
  const dead = useInfiniteQuery({ ...deliveries({ state: 'dead', since: '24h' }), refetchInterval: 10_000 })
  const parked = useInfiniteQuery(parkedKeys)
  const errors = useInfiniteQuery(runErrors('24h'))
  const stopped = useInfiniteQuery(destinations('open'))
  const list = useInfiniteQuery({ ...workflows, refetchInterval: 10_000 })
  const state = useQuery(health)
  const asked = [waiting, dead, parked, errors, stopped, list, state]
  if (asked.some(({ isPending, failureReason }) => isPending && !failureReason)) return <Loading rows={3} />
  const unanswered = asked.filter(({ error, isPending }) => error || isPending)
  const problems = [...new Set(unanswered.flatMap(({ error, failureReason }) => sentencesOf(error ?? failureReason ?? new Error('No answer came.'))))]
  const lastDead = dead.data?.[0]
  const matters = mattersOf({
    health: state.data,
    workflows: list.data ?? [],
    errors: errors.data,
    dead: { count: dead.data?.length ?? 0, isMore: dead.hasNextPage, last: lastDead ? `The last: ${lastDead.destination}: ${lastDead.lastError ?? lastDead.lastStatus ?? ''}` : null },
    stopped: stopped.data ?? [],
    parked: { count: parked.data?.length ?? 0, isMore: parked.hasNextPage, key: parked.data?.[0]?.key ?? null },
    waiting: { count: waiting.data?.length ?? 0, isMore: waiting.hasNextPage },
  })
  return (
    <Panel title="Needs attention" flush>
      {problems.length > 0 ? <Problem sentences={problems} onRetry={() => unanswered.forEach((query) => void query.refetch())} /> : null}
      {matters.length === 0 && problems.length === 0 ? (
        <p className={styles.well}>
          <CircleCheck aria-hidden size={18} /> Nothing does. All runs and deliveries of the last day are well.
        </p>
      ) : (
        <ul className={styles.matters}>
          {matters.map((matter) => (
            <li key={matter.text}>
              <Link to={matter.to}>
                <Badge tone={matter.tone}>{matter.count}</Badge>
                <span>{matter.text}</span>
                <small>{matter.detail}</small>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Figures({ span }: { span: Span }) {
  const query = useQuery(stats(span))
  if (query.data) return <Plots stats={query.data} span={span} at={query.dataUpdatedAt} />
  if (query.error) return <Problem sentences={sentencesOf(query.error)} onRetry={() => void query.refetch()} />
  return (
    <Columns>
      <Loading rows={4} />
    </Columns>
  )
}
