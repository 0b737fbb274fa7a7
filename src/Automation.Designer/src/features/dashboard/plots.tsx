import type { Span, Stats, StatsPoint } from '@/api/stats'
import { Columns } from '@/ui/panel'
import { Plot, type Series } from '@/ui/plot'
import { span } from '@/ui/time'
import { slotsOf } from './slots'

const whole = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const count = (value: number) => whole.format(value)
const duration = (milliseconds: number) => (milliseconds === 0 ? '0' : span(milliseconds))

/** The figures of the server over time. */
export function Plots({ stats, span: length, at }: { stats: Stats; span: Span; at: number }) {
  const points = slotsOf(stats, length, at)
  const times = points.map(({ at }) => at)
  const of = (name: string, tone: Series['tone'], value: (point: StatsPoint) => number | null): Series => ({ name, tone, values: points.map(value) })
  return (
    <Columns least={360}>
      <Plot title="Events" kind="bars" times={times} format={count} counts series={[of('accepted', 'info', (point) => point.accepted), of('refused', 'bad', (point) => point.refused)]} />
      <Plot title="Runs ended" kind="bars" times={times} format={count} counts series={[of('succeeded', 'good', (point) => point.runsSucceeded), of('failed', 'bad', (point) => point.runsFailed)]} />
      <Plot title="Deliveries" kind="bars" times={times} format={count} counts series={[of('made', 'good', (point) => point.delivered), of('failed', 'bad', (point) => point.deliveryFailures)]} />
      <Plot title="Run time" kind="lines" times={times} format={duration} series={[of('half', 'info', (point) => point.runP50Ms), of('99 of 100', 'warn', (point) => point.runP99Ms)]} />
      <Plot title="Lag" kind="lines" times={times} format={duration} series={[of('the oldest in line', 'warn', (point) => point.lagMs)]} />
      <Plot title="Open" kind="lines" times={times} format={count} counts series={[of('runs', 'info', (point) => point.openRuns), of('deliveries', 'neutral', (point) => point.waitingDeliveries)]} />
    </Columns>
  )
}
