import type { CDPSession, Page } from '@playwright/test'

/** What a stretch of time cost the page. */
export interface Frames {
  perSecond: number
  /** Milliseconds between two frames: 19 of 20 were faster. */
  p95: number
  longest: number
  /** Processor time of the page's main thread for each frame, in milliseconds: at 60 frames a second there are 16.7. Does not depend on what else the machine does. */
  work: number
}

/** Watches the frames of a page while something is done. */
export async function during(page: Page, cdp: CDPSession, action: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const times: number[] = []
    const watch = (time: number) => {
      times.push(time)
      if (state.watching) requestAnimationFrame(watch)
    }
    const state = { watching: true, times }
    Object.assign(window, { frames: state })
    requestAnimationFrame(watch)
  })
  const before = await work(cdp)
  await action()
  const after = await work(cdp)
  const times = await page.evaluate(() => {
    const { frames } = window as unknown as { frames: { watching: boolean; times: number[] } }
    frames.watching = false
    return frames.times
  })
  const between = times.slice(1).map((time, index) => time - (times[index] ?? time)).sort((a, b) => a - b)
  const total = between.reduce((sum, each) => sum + each, 0)
  return { perSecond: (between.length / total) * 1000, p95: between[Math.floor(between.length * 0.95)] ?? 0, longest: between.at(-1) ?? 0, work: (after - before) / between.length }
}

async function work(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
}

/** A session whose times are of the processor, not of the clock. */
export async function sessionOf(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  return cdp
}

export const said = (name: string, { perSecond, p95, longest, work: each }: Frames): string =>
  `${name.padEnd(34)} ${perSecond.toFixed(1).padStart(5)} frames/s  p95 ${p95.toFixed(0).padStart(3)} ms  longest ${longest.toFixed(0).padStart(3)} ms  ${each.toFixed(1).padStart(5)} ms of processor a frame`
