import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { Link } from 'react-router'
import { latestRuns, latestRunsKey, watchRuns } from '@/api/runs'
import { Ago } from '@/ui/time'
import styles from './workflows.module.css'

const count = 24

/** The newest runs of a workflow, a bar each, oldest first; and when the last one was. */
export function RunStrip({ workflow }: { workflow: string }) {
  const runs = useQuery(latestRuns(workflow, count)).data
  if (!runs) return null
  const [last] = runs
  if (!last) return <span className={styles.never}>no runs yet</span>
  const failed = runs.filter((run) => run.state === 'failed').length
  const words = `${failed === 0 ? 'None' : failed} of the last ${runs.length} runs failed`
  return (
    <Link to={`/runs?workflow=${encodeURIComponent(workflow)}${failed > 0 ? '&state=failed' : ''}`} className={styles.runs} title={words}>
      <span className={styles.strip} role="img" aria-label={words}>
        {[...runs].reverse().map((run) => (
          <i key={run.id} data-state={run.state} />
        ))}
      </span>
      <span className={styles.rate}>{failed === 0 ? '' : `${Math.round((100 * failed) / runs.length)} %`}</span>
      <Ago at={last.createdAt} />
    </Link>
  )
}

/** Milliseconds between two readings; for each strip that is read a tenth of a second, so that many busy workflows do not ask all the time. */
const [shortestPause, pauseForEach] = [1_000, 100]

/** Keeps the strips of a page as they are: those are read anew whose workflow has had a run start or end. */
export function useLiveStrips(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const due = new Set<string>()
    let pause = shortestPause
    let timer: ReturnType<typeof setTimeout> | undefined
    const read = () => {
      timer = undefined
      pause = Math.max(shortestPause, due.size * pauseForEach)
      for (const workflow of due) void queries.invalidateQueries({ queryKey: latestRunsKey(workflow) })
      due.clear()
    }
    const changed = ({ workflow }: { workflow: string }) => {
      due.add(workflow)
      timer ??= setTimeout(read, pause)
    }
    const missed = () => void queries.invalidateQueries({ queryKey: latestRunsKey(), predicate: ({ state }) => state.dataUpdatedAt > 0 }) // others are being read
    const close = watchRuns(changed, missed)
    return () => {
      close()
      clearTimeout(timer)
    }
  }, [queries])
}
