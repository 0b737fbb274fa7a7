import { session, signIn } from '@/api/client'
import type { Caller } from '@/api/me'
import type { Editor } from './store'

/**
 * Looks whether the page's user is still the one who is signed in, whenever the page is seen again or a request was nobody's: one of a
 * session that another sign-in ended may still be under way. Until the function it returns is called.
 */
export function watchCaller(editor: Editor): () => void {
  const look = async () => {
    const answer = await fetch('/api/me', { headers: { Accept: 'application/json' } }).catch(() => null)
    if (answer?.status === 401) return signIn()
    if (!answer?.ok) return // a save asks again
    const { name } = (await answer.json()) as Caller
    editor.setState(({ user }) => ({ stranger: name === user ? null : name }))
  }
  const seen = () => {
    if (!document.hidden) void look()
  }
  const ended = (event: Event) => {
    event.preventDefault()
    void look()
  }
  document.addEventListener('visibilitychange', seen)
  session.addEventListener('ended', ended)
  return () => {
    document.removeEventListener('visibilitychange', seen)
    session.removeEventListener('ended', ended)
  }
}
