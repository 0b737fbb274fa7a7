import styles from './progress.module.css'

/** How much of something long is done. */
export function Progress({ done, of }: { done: number; of: number }) {
  return (
    <>
      <progress max={Math.max(1, of)} value={done} className={styles.progress} /> {done.toLocaleString('en')} of {of.toLocaleString('en')}
    </>
  )
}
