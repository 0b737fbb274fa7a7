import type { StepRun } from '@/api/runs'
import { span } from '@/ui/time'
import { VirtualList } from '@/ui/virtual-list'
import { useMemo, useState } from 'react'
import { Empty } from '@/ui/page'
import styles from './run.module.css'
import { placeOf } from './trace'

/** What a step logged. */
export const LogLines = ({ lines }: { lines: StepRun['log'] }) => (
  <ol className={styles.log}>
    {lines.map((line, index) => (
      <li key={index} data-level={line.level}>
        <span>{line.level}</span>
        <code>{line.text}</code>
      </li>
    ))}
  </ol>
)

/** What all steps of a run logged, in the order in which they ended. */
export function RunLog({ steps, onChoose }: { steps: readonly StepRun[]; onChoose: (index: number) => void }) {
  const [chosen, setChosen] = useState(-1)
  const lines = useMemo(() => steps.flatMap((step, index) => step.log.map((line, place) => ({ step, index, line, key: `${step.n}.${place}` }))), [steps])
  const first = steps[0] ? Date.parse(steps[0].startedAt) : 0
  if (lines.length === 0) return <Empty title="The run logged nothing.">A step of type log, or console.log in a script, writes here.</Empty>
  return (
    <VirtualList
      label="Log"
      rows={lines}
      rowHeight={24}
      rowKey={(line) => line.key}
      chosen={chosen}
      onChoose={(place) => {
        setChosen(place)
        onChoose(lines[place]?.index ?? -1)
      }}
      row={({ step, line }) => (
        <>
          <span className={styles.logTime}>+{span(Date.parse(step.startedAt) - first)}</span>
          <span className={styles.level} data-level={line.level}>
            {line.level}
          </span>
          <span className={styles.logStep}>
            {step.step} {step.iteration ? placeOf(step.iteration) : ''}
          </span>
          <code>{line.text}</code>
        </>
      )}
    />
  )
}
