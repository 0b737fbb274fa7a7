interface Listener {
  /** By the name of the event. */
  events: Readonly<Record<string, (data: unknown) => void>>
  /** What happened while there was no connection, or this page was too slow, is not told: read anew. */
  missed?: () => void
  /** Whether there is a connection now. */
  status?: (connected: boolean) => void
  /** Goes on while nobody can see the page, for what cannot be read anew. */
  whileHidden?: boolean
}

const [firstPause, longestPause] = [1_000, 30_000]

/**
 * Listens to server-sent events until the function it returns is called. The browser connects again by itself when a connection breaks;
 * an answer other than a stream (of a proxy while the server starts again, or because too many listen) it takes for good, so that this asks again.
 * A page that nobody sees has no connection: over HTTP/1.1 a browser has six for all its tabs, and streams would take them from everything else.
 */
export function listen(path: string, { events, missed, status, whileHidden = false }: Listener): () => void {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let refused = 0
  const open = () => {
    const opened = new EventSource(path)
    source = opened
    for (const [name, take] of Object.entries(events)) opened.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)))
    if (missed) opened.addEventListener('dropped', missed)
    opened.addEventListener('open', () => {
      refused = 0
      status?.(true)
      missed?.()
    })
    opened.addEventListener('error', () => {
      status?.(false)
      if (opened.readyState !== EventSource.CLOSED || source !== opened) return
      source = null
      timer = setTimeout(follow, Math.min(longestPause, firstPause * 2 ** refused++) * (0.5 + Math.random() / 2)) // not all pages at once
    })
  }
  const close = () => {
    clearTimeout(timer)
    source?.close()
    source = null
  }
  const follow = () => {
    if (document.hidden && !whileHidden) close()
    else if (!source) {
      clearTimeout(timer)
      open()
    }
  }
  follow()
  document.addEventListener('visibilitychange', follow)
  return () => {
    document.removeEventListener('visibilitychange', follow)
    close()
  }
}
