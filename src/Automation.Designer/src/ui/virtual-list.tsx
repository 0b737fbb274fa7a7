import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import styles from './virtual-list.module.css'
import { windowOf } from './window'

interface VirtualListProps<T> {
  label: string
  rows: readonly T[]
  /** All rows are as high as this, in pixels. */
  rowHeight: number
  rowKey: (row: T) => string | number
  /** Index of the chosen row, or -1. */
  chosen: number
  onChoose: (index: number) => void
  row: (row: T, index: number) => ReactNode
}

/** A list of any length of which only what is seen is in the page; arrow keys, Page Up and Down, Home and End go through it. */
export function VirtualList<T>({ label, rows, rowHeight, rowKey, chosen, onChoose, row }: VirtualListProps<T>) {
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  useLayoutEffect(() => {
    const element = frame.current
    if (!element) return
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const element = frame.current
    if (!element || chosen < 0) return
    const top = chosen * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + rowHeight - element.clientHeight
  }, [chosen, rowHeight])
  const { first, last } = windowOf(rows.length, rowHeight, view.top, view.height)
  const go = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 1)
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + page, PageUp: chosen - page, Home: 0, End: rows.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    onChoose(Math.min(rows.length - 1, Math.max(0, to)))
  }
  return (
    <div
      ref={frame}
      role="listbox"
      tabIndex={0}
      aria-label={label}
      aria-activedescendant={chosen >= first && chosen < last ? `${label}-${chosen}` : undefined}
      className={styles.frame}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      onKeyDown={go}
    >
      <div role="presentation" style={{ height: rows.length * rowHeight }} className={styles.space}>
        {rows.slice(first, last).map((item, index) => (
          <div
            key={rowKey(item)}
            id={`${label}-${first + index}`}
            role="option"
            aria-selected={first + index === chosen}
            aria-posinset={first + index + 1}
            aria-setsize={rows.length}
            className={styles.row}
            style={{ top: (first + index) * rowHeight, height: rowHeight }}
            onClick={() => onChoose(first + index)}
          >
            {row(item, first + index)}
          </div>
        ))}
      </div>
    </div>
  )
}
