import type { ReactNode } from 'react'
import styles from './panel.module.css'

/** A part of a page with a heading of its own. */
export function Panel({ title, tools, flush = false, children }: { title: string; tools?: ReactNode; flush?: boolean; children: ReactNode }) {
  return (
    <section className={styles.panel} aria-label={title}>
      <header className={styles.header}>
        <h2>{title}</h2>
        <div className={styles.tools}>{tools}</div>
      </header>
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  )
}

/** Panels beside one another where there is room. */
export const Columns = ({ children, least = 320 }: { children: ReactNode; least?: number }) => (
  <div className={styles.columns} style={{ gridTemplateColumns: `repeat(auto-fit, minmax(min(${least}px, 100%), 1fr))` }}>
    {children}
  </div>
)
