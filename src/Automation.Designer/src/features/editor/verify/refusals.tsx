import { useInfiniteQuery } from '@tanstack/react-query'
import { requests } from '@/api/requests'
import { useDelayed } from './use-delayed'
import { RequestRows } from './request-rows'
import styles from './verify-form.module.css'

/** What was refused lately at a path, with the reasons: what a set-up is mended by. Nothing where nothing was. */
export function Refusals({ path }: { path: string }) {
  const asked = useDelayed(path)
  const list = useInfiniteQuery({ ...requests({ path: asked, outcome: 'refused' }), enabled: asked !== '/', refetchInterval: 2_000 })
  const rows = (list.data ?? []).slice(0, 3)
  if (rows.length === 0) return null
  return (
    <div className={styles.refusals} role="log" aria-label="Refused lately">
      <span className={styles.name}>Refused lately</span>
      <RequestRows rows={rows} />
    </div>
  )
}
