import { useMemo, useState } from 'react'
import type { StepRun } from '@/api/runs'
import type { Tone } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Checkbox, Select } from '@/ui/field'
import { Empty } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { span } from '@/ui/time'
import { VirtualList } from '@/ui/virtual-list'
import { Bar } from '@/ui/waterfall'
import styles from './run.module.css'
import { filtered, placeOf, timelineOf } from './trace'

interface StepListProps {
  steps: readonly StepRun[]
  /** Index of the chosen step run, or -1. */
  chosen: number
  onChoose: (index: number) => void
  /** Only runs of this step; empty for all. */
  step: string
  onStep: (step: string) => void
}

/** Step runs in the order in which they ended, each with where its time lies in the run's. */
export function StepList({ steps, chosen, onChoose, step, onStep }: StepListProps) {
  const [text, setText] = useState('')
  const [onlyFailed, setOnlyFailed] = useState(false)
  const timeline = useMemo(() => timelineOf(steps), [steps])
  const names = useMemo(() => [...new Set(steps.map((each) => each.step))], [steps])
  const found = useMemo(() => filtered(steps, { step, text, onlyFailed }), [steps, step, text, onlyFailed])
  const isFiltered = found.length !== steps.length
  return (
    <div className={styles.steps}>
      <div className={styles.stepTools}>
        <Select label="Step" value={step} onChoose={onStep} options={[{ value: '', label: 'All steps' }, ...names.map((name) => ({ value: name, label: name }))]} />
        <SearchField label="Find" value={text} onChange={setText} width={140} />
        <Checkbox label="Failed only" checked={onlyFailed} onChange={(event) => setOnlyFailed(event.target.checked)} />
        <span className={styles.muted}>{isFiltered ? `${found.length.toLocaleString('en')} of ${steps.length.toLocaleString('en')}` : steps.length === 1 ? '1 step run' : `${steps.length.toLocaleString('en')} step runs`}</span>
      </div>
      {found.length === 0 ? (
        <div className={styles.padded}>
          <Empty title={steps.length === 0 ? 'No step has run yet.' : 'No step run is like this.'}>
            {steps.length === 0 ? null : (
              <Button
                onClick={() => {
                  setText('')
                  setOnlyFailed(false)
                  onStep('')
                }}
              >
                Show all
              </Button>
            )}
          </Empty>
        </div>
      ) : (
        <VirtualList
          label="Step runs"
          rows={found}
          rowHeight={28}
          rowKey={(index) => index}
          chosen={found.indexOf(chosen)}
          onChoose={(place) => onChoose(found[place] ?? -1)}
          row={(index) => {
            const each = steps[index]
            return each ? <Row step={each} from={timeline.starts[index] ?? 0} total={timeline.total} /> : null
          }}
        />
      )}
    </div>
  )
}

function Row({ step, from, total }: { step: StepRun; from: number; total: number }) {
  const tone = toneOf(step)
  return (
    <>
      <span className={styles.dot} data-tone={tone} aria-hidden />
      <span className={styles.stepName}>
        {step.step}
        {step.iteration ? <small> {placeOf(step.iteration)}</small> : null}
      </span>
      <span className={styles.outcome}>
        {step.outcome}
        {step.attempts > 1 ? ` · ${step.attempts} tries` : ''}
      </span>
      <Bar label={`${span(step.durationMs)}, ${span(from)} after the start`} total={total} segments={[{ name: step.step, from, length: step.durationMs, tone }]} />
      <span className={styles.took}>{span(step.durationMs)}</span>
    </>
  )
}

export const toneOf = (step: StepRun): Tone => (step.error ? 'bad' : step.attempts > 1 ? 'warn' : 'good')
