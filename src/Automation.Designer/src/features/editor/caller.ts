import { readCaller } from '@/api/me'
import type { Editor } from './store'

/** Looks, whenever the page is seen again, whether its user is still the one who is signed in, until the function it returns is called. */
export function watchCaller(editor: Editor): () => void {
  const look = async () => {
    if (document.hidden) return
    const caller = await readCaller().catch(() => null) // a save asks again
    if (caller !== null) editor.setState(({ user }) => ({ stranger: caller.name === user ? null : caller.name }))
  }
  const seen = () => void look()
  document.addEventListener('visibilitychange', seen)
  return () => document.removeEventListener('visibilitychange', seen)
}
