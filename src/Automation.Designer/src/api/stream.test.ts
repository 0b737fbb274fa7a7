import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listen } from './stream'

class Source extends EventTarget {
  static readonly CLOSED = 2
  static all: Source[] = []
  readyState = 0
  constructor(readonly path: string) {
    super()
    Source.all.push(this)
  }
  close() {
    this.readyState = Source.CLOSED
  }
  /** The server's answer is no stream: the browser gives it up. */
  refuse() {
    this.readyState = Source.CLOSED
    this.dispatchEvent(new Event('error'))
  }
}

let page: EventTarget & { hidden: boolean }

beforeEach(() => {
  Source.all = []
  page = Object.assign(new EventTarget(), { hidden: false })
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Source)
  vi.stubGlobal('document', page)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a stream that was refused is asked for again, after longer and longer pauses, and what was missed is read', () => {
  const status = vi.fn()
  const missed = vi.fn()
  const end = listen('/stream', { events: {}, missed, status })
  for (const longest of [1_000, 2_000, 4_000]) {
    const before = Source.all.length
    Source.all.at(-1)?.refuse()
    expect(status).toHaveBeenLastCalledWith(false)
    vi.advanceTimersByTime(longest / 2 - 1)
    expect(Source.all).toHaveLength(before)
    vi.advanceTimersByTime(longest / 2 + 1)
    expect(Source.all).toHaveLength(before + 1)
  }
  Source.all.at(-1)?.dispatchEvent(new Event('open'))
  expect(status).toHaveBeenLastCalledWith(true)
  expect(missed).toHaveBeenCalledOnce()
  Source.all.at(-1)?.refuse()
  vi.advanceTimersByTime(1_000) // it begins with the shortest pause again
  expect(Source.all).toHaveLength(5)
  Source.all.at(-1)?.refuse()
  end()
  vi.advanceTimersByTime(60_000)
  expect(Source.all).toHaveLength(5)
})

test('a connection that only broke is left to the browser', () => {
  listen('/stream', { events: {} })
  Source.all[0]?.dispatchEvent(new Event('error'))
  vi.advanceTimersByTime(60_000)
  expect(Source.all).toHaveLength(1)
})

test('nobody asks again for a page that is not seen; it does when it is', () => {
  listen('/stream', { events: {} })
  Source.all[0]?.refuse()
  page.hidden = true
  page.dispatchEvent(new Event('visibilitychange'))
  vi.advanceTimersByTime(60_000)
  expect(Source.all).toHaveLength(1)
  page.hidden = false
  page.dispatchEvent(new Event('visibilitychange'))
  expect(Source.all).toHaveLength(2)
})
