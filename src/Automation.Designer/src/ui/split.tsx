import { useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react'
import styles from './split.module.css'

interface SplitProps {
  /** Where the place of the border is remembered. */
  name: string
  direction: 'row' | 'column'
  /** Size of the second pane at first, in per cent. */
  initial: number
  label: string
  children: [ReactNode, ReactNode]
}

const least = 12
const most = 88

/** Two panes with a border between them that can be moved, by mouse and by arrow keys. */
export function Split({ name, direction, initial, label, children }: SplitProps) {
  const key = `automation.split.${name}`
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState(() => bounded(Number(localStorage.getItem(key)) || initial))
  const set = (next: number) => {
    setSize(bounded(next))
    localStorage.setItem(key, String(bounded(next)))
  }
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const box = frame.current?.getBoundingClientRect()
    if (!box || !event.currentTarget.hasPointerCapture(event.pointerId)) return
    set(direction === 'row' ? (100 * (box.right - event.clientX)) / box.width : (100 * (box.bottom - event.clientY)) / box.height)
  }
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: 2, ArrowUp: 2, ArrowRight: -2, ArrowDown: -2 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    set(size + by)
  }
  return (
    <div ref={frame} className={`${styles.split} ${styles[direction]}`}>
      <div className={styles.pane} style={{ flexBasis: `${100 - size}%` }}>
        {children[0]}
      </div>
      {/* A focusable separator is a widget (WAI-ARIA 1.2, separator). */}
      <div
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={direction === 'row' ? 'vertical' : 'horizontal'}
        aria-valuenow={Math.round(size)}
        aria-valuemin={least}
        aria-valuemax={most}
        className={styles.border}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={step}
        onDoubleClick={() => set(initial)}
      />
      <div className={styles.pane} style={{ flexBasis: `${size}%` }}>
        {children[1]}
      </div>
    </div>
  )
}

const bounded = (size: number) => Math.min(most, Math.max(least, size))
