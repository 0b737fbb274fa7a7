import { X } from 'lucide-react'
import { useLayoutEffect, useRef, type FormEvent, type ReactNode } from 'react'
import { Button, IconButton } from './button'
import styles from './dialog.module.css'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  /** Buttons at the end. */
  footer?: ReactNode
  wide?: boolean
  /** A press beside it does not close it: it holds what would be lost. */
  firm?: boolean
}

/** A window over the page: the browser keeps the focus in it and gives it back afterwards; Escape closes it, and a press beside it. */
export function Dialog({ title, onClose, children, footer, wide = false, firm = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  // Closed while it is still in the page: else the browser does not give the focus back.
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    // The browser would begin at the button that closes it.
    element?.querySelector<HTMLElement>(':is(input, select, textarea):not(:disabled), footer button:last-child')?.focus()
    return () => element?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      className={wide ? `${styles.dialog} ${styles.wide}` : styles.dialog}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => !firm && event.target === dialog.current && onClose()}
    >
      <div className={styles.inside}>
        <header className={styles.header}>
          <h2>{title}</h2>
          <IconButton label="Close" onClick={onClose}>
            <X aria-hidden size={16} />
          </IconButton>
        </header>
        <div className={styles.body}>{children}</div>
        {footer ? <footer className={styles.footer}>{footer}</footer> : null}
      </div>
    </dialog>
  )
}

interface FormDialogProps {
  title: string
  /** What the button says: a verb. */
  action: string
  children: ReactNode
  onSubmit: () => void
  onClose: () => void
  isPending?: boolean
  /** What the server did not like about it. */
  problems?: readonly string[]
  danger?: boolean
  wide?: boolean
}

/** A dialog that is a form: Enter sends it, and a press beside it does not throw away what was typed. */
export function FormDialog({ title, action, children, onSubmit, onClose, isPending = false, problems = [], danger = false, wide = false }: FormDialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!isPending) onSubmit()
  }
  return (
    <Dialog firm title={title} onClose={onClose} wide={wide}>
      <form onSubmit={submit} className={styles.form}>
        {children}
        {problems.length > 0 ? (
          <div role="alert" className={styles.problems}>
            {problems.map((problem) => (
              <p key={problem}>{problem}</p>
            ))}
          </div>
        ) : null}
        <footer className={styles.footer}>
          <Button onClick={onClose}>Close</Button>
          <Button kind={danger ? 'danger' : 'primary'} type="submit" disabled={isPending}>
            {isPending ? 'One moment …' : action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
