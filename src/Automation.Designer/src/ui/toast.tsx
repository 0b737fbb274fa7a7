import { Toast } from 'radix-ui'
import { create } from 'zustand'
import styles from './toast.module.css'

type Tone = 'good' | 'bad'

interface Message {
  id: number
  text: string
  tone: Tone
}

const store = create<{ messages: Message[] }>(() => ({ messages: [] }))
let last = 0

/** Says something for some seconds at the corner of the page; an error until it is closed. */
export function toast(text: string, tone: Tone = 'good'): void {
  store.setState(({ messages }) => (messages.some((message) => message.text === text) ? { messages } : { messages: [...messages, { id: ++last, text, tone }].slice(-4) }))
}

const close = (id: number) => store.setState(({ messages }) => ({ messages: messages.filter((message) => message.id !== id) }))

export function Toasts() {
  const messages = store((state) => state.messages)
  return (
    <Toast.Provider swipeDirection="right">
      {messages.map(({ id, text, tone }) => (
        <Toast.Root key={id} className={`${styles.toast} ${styles[tone]}`} duration={tone === 'bad' ? Infinity : 5_000} onOpenChange={(open) => !open && close(id)}>
          <Toast.Description>{text}</Toast.Description>
          <Toast.Close aria-label="Close" className={styles.close ?? ''}>
            ×
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className={styles.viewport ?? ''} />
    </Toast.Provider>
  )
}
