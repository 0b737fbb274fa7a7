import { Copy } from '@/ui/copy'
import { cutText, textOf } from '@/ui/json-text'
import { span } from '@/ui/time'
import type { SampleError } from './code/script/diagnostics'
import styles from './script-editor.module.css'
import type { ScriptResult } from './use-script-result'

/** How much of a result is shown, in characters. All of it can be copied. */
const longest = { value: 20_000, line: 2_000 }

interface ResultProps {
  result: ScriptResult | null
  running: boolean
  /** What TypeScript says where the text is no script: it knows the place better. */
  syntax: SampleError | null
  onGoTo: (line: number, column: number | null) => void
}

/** What a script gave: its value or its error, the state where it changed it, its console. */
export function Result({ result, running, syntax, onGoTo }: ResultProps) {
  if (!result) return <p className={styles.pane}>{running ? 'Running …' : 'The result for the sample appears here as you type.'}</p>
  const { evaluated, failure } = result
  if (!evaluated) return <p role="alert" className={`${styles.pane} ${styles.wrong}`}>{failure}</p>
  const { value, state, log, durationMs } = evaluated
  const error = evaluated.error && (syntax ?? evaluated.error)
  const line = error?.line ?? null
  return (
    <div className={styles.pane} aria-busy={running} aria-live="polite">
      {error ? (
        <p className={styles.error}>
          {line === null ? null : (
            <>
              <button type="button" onClick={() => onGoTo(line, error.column)}>
                {`Line ${line}`}
              </button>
              {': '}
            </>
          )}
          {error.message}
        </p>
      ) : (
        <Long label="Result" value={value} />
      )}
      {state === null ? null : <Long label="State afterwards" value={state} />}
      {log.length > 0 ? (
        <ol className={styles.log} aria-label="Console">
          {log.map((each, index) => (
            <li key={index} data-level={each.level}>
              {cutText(each.text, longest.line)}
            </li>
          ))}
        </ol>
      ) : null}
      <small>{span(durationMs)}</small>
    </div>
  )
}

function Long({ label, value }: { label: string; value: unknown }) {
  const text = typeof value === 'string' ? JSON.stringify(value) : textOf(value)
  return (
    <section aria-label={label} className={styles.long}>
      <header>
        <h3>{label}</h3>
        <Copy text={() => textOf(value)} label={`Copy the ${label.toLowerCase()}`} />
      </header>
      <pre className={styles.value}>{cutText(text, longest.value)}</pre>
    </section>
  )
}
