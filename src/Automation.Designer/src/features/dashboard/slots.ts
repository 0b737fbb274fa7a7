import type { Span, Stats, StatsPoint } from '@/api/stats'

const lengths: Readonly<Record<Span, number>> = { '1h': 3_600_000, '24h': 86_400_000 }
const nothing = { accepted: 0, refused: 0, runsSucceeded: 0, runsFailed: 0, delivered: 0, deliveryFailures: 0, runP50Ms: null, runP99Ms: null, lagMs: null, openRuns: null, waitingDeliveries: null }

/** A point for each stretch of a span up to `now`: the server leaves out those in which nothing happened. */
export function slotsOf({ step, points }: Stats, span: Span, now: number): StatsPoint[] {
  const size = step * 1000
  const slot = (time: number) => Math.floor(time / size)
  const known = new Map(points.map((point) => [slot(Date.parse(point.at)), point]))
  const last = Math.max(slot(now), ...known.keys()) // the server's clock may be ahead
  const count = Math.round(lengths[span] / size)
  return Array.from({ length: count }, (_, index) => {
    const place = last - count + 1 + index
    return known.get(place) ?? { ...nothing, at: new Date(place * size).toISOString() }
  })
}
