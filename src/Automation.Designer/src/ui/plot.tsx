import { useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Tone } from './badge'
import styles from './plot.module.css'
import { alone, linePath, roundTop, stacked } from './scale'

export interface Series {
  name: string
  tone: Tone
  values: readonly (number | null)[]
}

interface PlotProps {
  title: string
  /** Bars stand on one another; lines do not. */
  kind: 'bars' | 'lines'
  times: readonly string[]
  series: readonly Series[]
  /** How a value is written, with its unit. */
  format: (value: number) => string
  /** Values are whole numbers. */
  counts?: boolean
}

const height = 132
const left = 48
const bottom = 18
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Values over time. Pointer or arrow keys read them off. */
export function Plot({ title, kind, times, series, format, counts = false }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(400)
  const [at, setAt] = useState<number | null>(null)
  useLayoutEffect(() => {
    const element = frame.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const tops = kind === 'bars' ? stacked(series.map(({ values }) => values)) : series.map(({ values }) => values)
  const top = roundTop(Math.max(0, ...tops.flat().map((value) => value ?? 0)), counts)
  const slot = (width - left) / Math.max(1, times.length)
  const x = (index: number) => left + (index + 0.5) * slot
  const y = (value: number) => 6 + (height - 6 - bottom) * (1 - value / top)
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const index = Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / slot)
    setAt(index >= 0 && index < times.length ? index : null)
  }
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    setAt(Math.min(times.length - 1, Math.max(0, (at ?? (by < 0 ? times.length : -1)) + by)))
  }
  const labels = [0, Math.floor(times.length / 2), times.length - 1].filter((index, place, all) => all.indexOf(index) === place && times[index] !== undefined)
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <h2>{title}</h2>
        <span className={styles.at} aria-live="polite">
          {at === null ? null : clock.format(new Date(times[at] ?? 0))}
        </span>
        <span className={styles.legend}>
          {series.map(({ name, tone, values }) => (
            <span key={name} data-tone={tone}>
              {name} <strong>{read(values, at, kind, format)}</strong>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={frame}>
        <svg
          role="img"
          aria-label={`${title}: ${series.map(({ name, values }) => `${name} ${read(values, at, kind, format)}`).join(', ')}`}
          tabIndex={0}
          width={width}
          height={height}
          className={styles.plot}
          onPointerMove={point}
          onPointerLeave={() => setAt(null)}
          onKeyDown={step}
          onBlur={() => setAt(null)}
        >
          {[0, 0.5, 1].map((part) => (
            <g key={part}>
              <line x1={left} x2={width} y1={y(top * part)} y2={y(top * part)} className={styles.grid} />
              <text x={left - 8} y={y(top * part) + 4} textAnchor="end">
                {format(top * part)}
              </text>
            </g>
          ))}
          {labels.map((index) => (
            <text key={index} x={x(index)} y={height - 3} textAnchor={index === 0 ? 'start' : index === times.length - 1 ? 'end' : 'middle'}>
              {clock.format(new Date(times[index] ?? 0))}
            </text>
          ))}
          {at === null ? null : <rect x={x(at) - slot / 2} width={slot} y={6} height={height - 6 - bottom} className={styles.cursor} />}
          {series.map(({ name, tone, values }, place) =>
            kind === 'lines' ? (
              <g key={name} data-tone={tone} className={styles.line}>
                <path d={linePath(values, x, y)} />
                <path d={linePath(alone(values), x, y)} className={styles.alone} />
              </g>
            ) : (
              <path key={name} data-tone={tone} className={styles.bars} d={bars(tops[place] ?? [], tops[place - 1] ?? [], x, y, Math.max(1, slot - (slot > 4 ? 1.5 : 0)))} />
            ),
          )}
          {kind === 'lines' && at !== null ? series.map(({ name, tone, values }) => (values[at] == null ? null : <circle key={name} data-tone={tone} className={styles.dot} cx={x(at)} cy={y(values[at])} r={3.5} />)) : null}
        </svg>
      </div>
    </figure>
  )
}

/** The value under the pointer; without one the sum of counts, or the newest value of a line. */
function read(values: readonly (number | null)[], at: number | null, kind: 'bars' | 'lines', format: (value: number) => string): string {
  const value = at !== null ? values[at] : kind === 'bars' ? values.reduce<number>((sum, each) => sum + (each ?? 0), 0) : values.findLast((each) => each !== null)
  return value == null ? '–' : format(value)
}

function bars(tops: readonly (number | null)[], feet: readonly (number | null)[], x: (index: number) => number, y: (value: number) => number, width: number): string {
  let path = ''
  tops.forEach((top, index) => {
    const foot = feet[index] ?? 0
    if (top === null || top <= foot) return
    path += `M${(x(index) - width / 2).toFixed(1)} ${y(foot).toFixed(1)}V${Math.min(y(top), y(foot) - 1).toFixed(1)}h${width.toFixed(1)}V${y(foot).toFixed(1)}z`
  })
  return path
}

/** A line without axes, as big as a word. */
export function Spark({ label, values, tone = 'info' }: { label: string; values: readonly (number | null)[]; tone?: Tone }) {
  const top = roundTop(Math.max(0, ...values.map((value) => value ?? 0)))
  return (
    <svg role="img" aria-label={label} viewBox="0 0 96 24" width={96} height={24} className={styles.spark}>
      <path data-tone={tone} className={styles.line} d={linePath(values, (index) => 1 + (94 * index) / Math.max(1, values.length - 1), (value) => 22 - (20 * value) / top)} />
    </svg>
  )
}
