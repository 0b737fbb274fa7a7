import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { latestRuns } from '@/api/runs'
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
