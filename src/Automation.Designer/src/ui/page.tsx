import type { ReactNode } from 'react'
import { Link } from 'react-router'
import styles from './page.module.css'

interface PageProps {
  title: string
  /** What stands as the heading, where that is more than the title. */
  heading?: ReactNode
  /** The list that the page is of, as the way back. */
  up?: { to: string; label: string }
  /** `full`: as high as the window and without margins, for pages of panes that scroll by themselves. */
  layout?: 'wide' | 'full'
  /** Said beside the title, in few words. */
  hint?: ReactNode
  actions?: ReactNode
  /** Pages that belong together, below the title. */
  tabs?: ReactNode
  /** Filters and search, in a row below the title. */
  tools?: ReactNode
  children: ReactNode
}

/** A page with a heading; the browser's tab has its title too. */
export function Page({ title, heading, up, layout, hint, actions, tabs, tools, children }: PageProps) {
  return (
    <div className={[styles.page, layout ? styles[layout] : ''].join(' ')}>
      <title>{`${title} – Automation`}</title>
      <header className={styles.header}>
        <div className={styles.heading}>
          {up ? (
            <Link to={up.to} className={styles.up}>
              ‹ {up.label}
            </Link>
          ) : null}
          <h1>{heading ?? title}</h1>
          {hint ? <p className={styles.hint}>{hint}</p> : null}
        </div>
        <div className={styles.actions}>{actions}</div>
      </header>
      {tabs}
      {tools ? <div className={styles.tools}>{tools}</div> : null}
      {children}
    </div>
  )
}

/** Says what would be here, and the one thing to do to get there. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children ? <div className={styles.hint}>{children}</div> : null}
    </div>
  )
}

/** The sentences of an error: of the server's answer where it has some. */
export function sentencesOf(error: Error): readonly string[] {
  const { sentences } = error as { sentences?: readonly string[] }
  return sentences ?? [error.message]
}

/** What went wrong, in sentences, and what can be done. */
export function Problem({ sentences, onRetry }: { sentences: readonly string[]; onRetry?: () => void }) {
  return (
    <div role="alert" className={styles.problem}>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {onRetry ? (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      ) : null}
    </div>
  )
}

/** Grey bars in place of rows that are still on their way. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className={styles.loading} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} />
      ))}
    </div>
  )
}
