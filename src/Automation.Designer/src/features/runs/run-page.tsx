import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useMemo, useState } from 'react'
import { useParams } from 'react-router'
import { useRefusal } from '@/api/me'
import { run as runQuery, version as versionQuery, type RunDetails } from '@/api/runs'
import { useLiveRuns } from '@/parts/live'
import { RunBadge } from '@/parts/states'
import { Button } from '@/ui/button'
import { Copy } from '@/ui/copy'
import { useFilters } from '@/ui/filters'
import { Loaded } from '@/ui/listed'
import { Loading, Page } from '@/ui/page'
import { Split } from '@/ui/split'
import { Tabs } from '@/ui/tabs'
import { Ago, span } from '@/ui/time'
import { RunLog } from './log-lines'
import { RunAbout } from './run-about'
import { RunActions } from './run-actions'
import styles from './run.module.css'
import { Failure, StepDetails } from './step-details'
import { StepList } from './step-list'
import { causeOf, totalsOf } from './trace'
import { Waits } from './waits'

// The drawing comes when the rest is there already.
const RunCanvas = lazy(async () => ({ default: (await import('./run-canvas')).RunCanvas }))

export function RunPage() {
  const { id = '' } = useParams()
  const query = useQuery({ ...runQuery(id), refetchInterval: ({ state }) => (state.data?.endedAt === null ? (state.data.steps.length > 2_000 ? 10_000 : 2_000) : false) })
  useLiveRuns(['run'], { of: (run) => run.id === id })
  const failed = query.data?.state === 'failed' && query.data.retriedAs === null ? query.data.workflow : null
  useLiveRuns(['run'], { of: (run) => run.workflow === failed, every: 10_000 }) // another may take its place
  if (query.data) return <Run run={query.data} />
  return (
    <Page title="Run" up={{ to: '/runs', label: 'Runs' }}>
      <Loaded query={query}>{() => null}</Loaded>
    </Page>
  )
}

function Run({ run }: { run: RunDetails }) {
  const refusal = useRefusal('operator')
  const pinned = useQuery(versionQuery(run.workflow, run.version))
  const version = pinned.data
  const { values, set } = useFilters('step', 'n')
  const [tab, setTab] = useState('steps')
  const totals = useMemo(() => totalsOf(run.steps), [run.steps])
  const chosen = values.n ? run.steps.findIndex((step) => step.n === Number(values.n)) : run.failedStep ? causeOf(run.steps, totals.get(run.failedStep)?.shown ?? -1) : run.steps.length - 1
  const step = run.steps[chosen]
  const choose = (index: number) => set({ n: String(run.steps[index]?.n ?? '') })
  const chooseStep = useCallback((id: string) => set({ step: id, n: String(run.steps[totals.get(id)?.shown ?? -1]?.n ?? '') }), [set, run.steps, totals])
  const before = step?.from == null ? -1 : run.steps.findIndex((each) => each.n === step.from)
  const took = run.startedAt ? Date.parse(run.endedAt ?? new Date().toISOString()) - Date.parse(run.startedAt) : null
  return (
    <Page
      layout="full"
      title={`${run.workflow} ${run.id}`}
      up={{ to: `/runs?workflow=${encodeURIComponent(run.workflow)}`, label: 'Runs' }}
      heading={
        <>
          <span>{run.workflow}</span> <RunBadge state={run.state} blocked={run.blocked} />
        </>
      }
      hint={
        <span className={styles.line}>
          <code>{run.id}</code> <Copy text={run.id} label="Copy the run's id" />
          <span>
            accepted <Ago at={run.createdAt} />
            {took === null ? '' : ` · ${run.endedAt ? 'took' : 'for'} ${span(took)}`} · {run.steps.length === 1 ? '1 step run' : `${run.steps.length.toLocaleString('en')} step runs`}
            {run.key === null ? '' : ` · key ${run.key}`}
          </span>
        </span>
      }
      actions={<RunActions run={run} />}
    >
      {run.error ? (
        <div role="note" className={styles.runError}>
          <strong>{run.failedStep ?? 'The run'}</strong> <span>{run.error.message}</span> <code>{run.error.code}</code>
          {run.failedStep && totals.has(run.failedStep) ? (
            <Button kind="quiet" className={styles.inline ?? ''} onClick={() => chooseStep(run.failedStep ?? '')}>
              Show the step
            </Button>
          ) : null}
        </div>
      ) : null}
      <Waits run={run.id} waits={run.waits} refusal={refusal} />
      <Split name="run" direction="row" initial={38} label="Border between the run and the step">
        <Split name="run-canvas" direction="column" initial={42} label="Border between the canvas and the steps">
          <Loaded query={pinned}>
            {(drawn) => (
              <Suspense fallback={<Loading />}>
                <RunCanvas run={run} version={drawn} totals={totals} chosen={step?.step ?? null} onChoose={chooseStep} />
              </Suspense>
            )}
          </Loaded>
          <Tabs
            label="Parts of the run"
            value={tab}
            onChange={setTab}
            tabs={[
              { id: 'steps', label: 'Waterfall', content: <StepList steps={run.steps} chosen={chosen} onChoose={choose} step={values.step} onStep={(name) => (name ? chooseStep(name) : set({ step: '' }))} /> },
              { id: 'log', label: 'Log', content: <RunLog steps={run.steps} onChoose={choose} /> },
              { id: 'about', label: 'Links', content: <RunAbout run={run} /> },
            ]}
          />
        </Split>
        {step ? (
          <StepDetails key={`${step.n} ${step.error ? 'bad' : ''}`} step={step} before={run.steps[before]} onBefore={() => choose(before)} version={version} />
        ) : run.error ? (
          <Failure error={run.error} step={run.failedStep ?? ''} version={version} />
        ) : (
          <p className={styles.padded}>Choose a step to see what it got and gave.</p>
        )}
      </Split>
    </Page>
  )
}
