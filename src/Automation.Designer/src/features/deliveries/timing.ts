import type { Attempt } from '@/api/deliveries'
import type { Segment } from '@/ui/waterfall'

/** Where the time of an attempt went, one part after the other: finding the address, connecting, TLS, waiting for the answer, reading it. */
export function timingOf({ timing, durationMs }: Pick<Attempt, 'timing' | 'durationMs'>): { segments: Segment[]; total: number } {
  if (timing === null) return { segments: [{ name: 'all', from: 0, length: durationMs, tone: 'neutral' }], total: durationMs }
  const segments: Segment[] = []
  let at = 0
  const add = (name: string, length: number | null, tone: NonNullable<Segment['tone']>) => {
    if (length === null || length < 0) return
    segments.push({ name, from: at, length, tone })
    at += length
  }
  add('address', timing.dnsMs, 'neutral')
  add('connection', timing.connectMs, 'warn')
  add('TLS', timing.tlsMs, 'neutral')
  add('answer', timing.firstByteMs === null ? null : timing.firstByteMs - at, 'info') // firstByteMs counts from the start
  add('rest', timing.totalMs - at, 'good')
  return { segments, total: Math.max(timing.totalMs, at) }
}
