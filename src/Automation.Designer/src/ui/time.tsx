import { useSyncExternalStore } from 'react'

const ticks = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

// One timer for all times on the page.
function subscribe(listener: () => void): () => void {
  ticks.add(listener)
  if (timer === undefined) {
    now = Date.now() // it stood still while the page had no times
    timer = setInterval(() => {
      now = Date.now()
      for (const tick of ticks) tick()
    }, 5_000)
  }
  return () => {
    ticks.delete(listener)
    if (ticks.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const units: readonly [limit: number, seconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, 'second'],
  [3_600, 60, 'minute'],
  [86_400, 3_600, 'hour'],
  [Infinity, 86_400, 'day'],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' })
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

/** How long ago a time is; the time itself is its tooltip. */
export function Ago({ at }: { at: string | null }) {
  const current = useSyncExternalStore(subscribe, () => now)
  if (at === null) return <>–</>
  const seconds = (Date.parse(at) - current) / 1000
  const [, size, unit] = units.find(([limit]) => Math.abs(seconds) < limit) ?? [0, 86_400, 'day']
  return (
    <time dateTime={at} title={absolute.format(new Date(at))}>
      {Math.abs(seconds) < 5 ? 'now' : relative.format(Math.round(seconds / size), unit)}
    </time>
  )
}

/** A time as people write it, in the browser's zone. */
export const moment = (at: string): string => absolute.format(new Date(at))

/** A span of time as people say it: 0.3 ms, 12 ms, 3.4 s, 2 min, 5 h. */
export function span(milliseconds: number): string {
  if (milliseconds < 10) return milliseconds < 0.05 ? '<1 ms' : `${Number(milliseconds.toFixed(1))} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`
  if (milliseconds < 3_600_000) return `${Math.round(milliseconds / 60_000)} min`
  return `${(milliseconds / 3_600_000).toFixed(1)} h`
}
