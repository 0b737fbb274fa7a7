import type { Tone } from './badge'
import styles from './waterfall.module.css'

export interface Segment {
  name: string
  /** Milliseconds from the beginning of the bar's scale. */
  from: number
  length: number
  tone?: Tone
}

/** Spans of time on one line of a common scale, `total` milliseconds long. */
export function Bar({ segments, total, label }: { segments: readonly Segment[]; total: number; label: string }) {
  const per = 100 / Math.max(1e-3, total)
  return (
    <span role="img" aria-label={label} title={label} className={styles.bar}>
      {segments.map(({ name, from, length, tone = 'info' }) => (
        <span key={name} data-tone={tone} className={styles.segment} style={{ left: `min(calc(100% - 2px), ${from * per}%)`, width: `max(2px, ${length * per}%)` }} />
      ))}
    </span>
  )
}
