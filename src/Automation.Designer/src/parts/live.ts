import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { watchRuns, type RunState } from '@/api/runs'

interface Live {
  /** Only when a run for which this is true starts or ends. */
  of?: (run: { id: string; workflow: string; state: RunState }) => boolean
  /** At most this often, in milliseconds: twice a second unless given. */
  every?: number
}

/**
 * Reads what begins with one of these keys anew when runs start or end, however many do. Tells whether there is a connection.
 * A list of which many pages are shown is read that much less often: all of them are read.
 */
export function useLiveRuns(names: readonly string[], { of, every = 500 }: Live = {}): boolean {
  const queries = useQueryClient()
  const [isLive, setLive] = useState(false)
  const key = names.join()
  const concerns = useRef(of)
  useEffect(() => {
    concerns.current = of
  })
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = () => {
      timer ??= setTimeout(
        () => {
          timer = undefined
          for (const name of key.split(',')) void queries.invalidateQueries({ queryKey: [name] })
        },
        every * Math.max(...key.split(',').map((name) => pagesShown(queries, name))),
      )
    }
    const close = watchRuns((run) => (concerns.current?.(run) ?? true) && refresh(), refresh, setLive)
    return () => {
      close()
      clearTimeout(timer)
    }
  }, [queries, key, every])
  return isLive
}

/** Of the longest list that is shown. */
const pagesShown = (queries: QueryClient, name: string): number =>
  Math.max(1, ...queries.getQueryCache().findAll({ queryKey: [name], type: 'active' }).map(({ state }) => (state.data as { pages?: readonly unknown[] } | undefined)?.pages?.length ?? 1))
