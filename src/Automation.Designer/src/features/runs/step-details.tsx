import { useState } from 'react'
import type { StepError, StepRun, Version } from '@/api/runs'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { JsonTree } from '@/ui/json-tree'
import { Empty } from '@/ui/page'
import { Tabs } from '@/ui/tabs'
import { Ago, span } from '@/ui/time'
import { LogLines } from './log-lines'
import styles from './run.module.css'
import { toneOf } from './step-list'
import { placeOf, scriptOf } from './trace'

interface StepDetailsProps {
  step: StepRun
  /** The step run whose output was the input. */
  before: StepRun | undefined
  onBefore: () => void
  version: Version | undefined
}

/** One step run: what it got, what it gave, what it said, and what went wrong. */
export function StepDetails({ step, before, onBefore, version }: StepDetailsProps) {
  const [tab, setTab] = useState(step.error ? 'error' : 'output')
  const shown = tab === 'error' && !step.error ? 'output' : tab
  const tabs = [
    ...(step.error ? [{ id: 'error', label: 'Error', content: <Failure error={step.error} step={step.step} version={version} /> }] : []),
    { id: 'output', label: 'Output', content: <Value value={step.output} path={`steps.${step.step}.output`} /> },
    { id: 'input', label: 'Input', content: <Value value={step.input} path="input" /> },
    { id: 'log', label: `Log${step.log.length > 0 ? ` ${step.log.length}` : ''}`, content: step.log.length > 0 ? <LogLines lines={step.log} /> : <Empty title="It logged nothing." /> },
  ]
  return (
    <section aria-label={`Step ${step.step}`} className={styles.details}>
      <header className={styles.detailsHeader}>
        <h2>
          {step.step} <Badge tone={toneOf(step)}>{step.outcome}</Badge>
        </h2>
        <p className={styles.muted}>
          {step.type}
          {step.iteration ? ` · ${placeOf(step.iteration)}` : ''} · {span(step.durationMs)}
          {step.attempts > 1 ? ` · ${step.attempts} tries` : ''} · <Ago at={step.startedAt} />
        </p>
        <p className={styles.muted}>
          {before ? (
            <>
              Input from{' '}
              <Button kind="quiet" className={styles.inline ?? ''} onClick={onBefore}>
                {before.step} #{before.n}
              </Button>
            </>
          ) : (
            'Input from the event'
          )}
        </p>
      </header>
      <Tabs label="Parts of the step run" tabs={tabs} value={shown} onChange={setTab} />
    </section>
  )
}

const Value = ({ value, path }: { value: unknown; path: string }) => (
  <div className={styles.padded}>
    <JsonTree value={value} path={path} />
  </div>
)

/** What went wrong, and the line where it did. */
export function Failure({ error, step, version }: { error: StepError; step: string; version: Version | undefined }) {
  const script = version && error.line !== null ? scriptOf({ document: version.document, files: version.files }, step, error.script) : null
  return (
    <div className={styles.padded}>
      <div role="alert" className={styles.failure}>
        <strong>{error.message}</strong>
        <span>
          <code>{error.code}</code>
          {error.line === null ? null : ` at ${error.script ?? 'line'}${error.script ? ':' : ' '}${error.line}${error.column === null ? '' : `:${error.column}`}`}
          {error.pointer ? ` in ${error.pointer}` : ''}
        </span>
      </div>
      {script && error.line !== null ? <CodeBlock title={script.title} text={script.text} mark={{ line: error.line, column: error.column, message: error.message }} /> : null}
      {error.details === null || error.details === undefined ? null : (
        <>
          <h3>Details</h3>
          <JsonTree value={error.details} path="error.details" />
        </>
      )}
    </div>
  )
}
