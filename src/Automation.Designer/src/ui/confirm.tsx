import { create } from 'zustand'
import { Button } from './button'
import styles from './confirm.module.css'
import { Dialog } from './dialog'

interface Question {
  title: string
  /** What will happen, a sentence each. */
  consequences: readonly string[]
  /** What the button says: a verb. */
  action: string
  danger?: boolean
}

interface Open extends Question {
  answer: (yes: boolean) => void
}

const store = create<{ open: Open | null }>(() => ({ open: null }))

/** Asks before something that cannot be taken back, saying what it does. */
export function confirmed(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    store.getState().open?.answer(false)
    store.setState({
      open: {
        ...question,
        answer: (yes) => {
          store.setState({ open: null })
          resolve(yes)
        },
      },
    })
  })
}

/** Where {@link confirmed} asks; once in the application. */
export function Confirms() {
  const open = store((state) => state.open)
  if (!open) return null
  const { title, consequences, action, danger = false, answer } = open
  return (
    <Dialog
      title={title}
      onClose={() => answer(false)}
      footer={
        <>
          <Button onClick={() => answer(false)}>Leave it</Button>
          <Button kind={danger ? 'danger' : 'primary'} onClick={() => answer(true)}>
            {action}
          </Button>
        </>
      }
    >
      <ul className={styles.list}>
        {consequences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Dialog>
  )
}
