import { commandOf, copied, isEnabled, pasteText } from './commands'
import { isElsewhere } from './keys'
import type { Editor } from './store'

/** Answers the browser's copy, cut and paste on the canvas until the function it returns is called: unlike its clipboard these are there without TLS too, and ask nobody. */
export function listenToClipboard(editor: Editor): () => void {
  const onCopy = (event: ClipboardEvent) => {
    const command = commandOf(event.type)
    if (isElsewhere(event) || String(window.getSelection()) !== '' || !isEnabled(command, editor.getState())) return
    event.preventDefault()
    event.clipboardData?.setData('text/plain', copied(editor))
    if (event.type === 'cut') commandOf('delete').run(editor)
  }
  const onPaste = (event: ClipboardEvent) => {
    if (isElsewhere(event) || !isEnabled(commandOf('paste'), editor.getState())) return
    event.preventDefault()
    pasteText(editor, event.clipboardData?.getData('text/plain') ?? '')
  }
  window.addEventListener('copy', onCopy)
  window.addEventListener('cut', onCopy)
  window.addEventListener('paste', onPaste)
  return () => {
    window.removeEventListener('copy', onCopy)
    window.removeEventListener('cut', onCopy)
    window.removeEventListener('paste', onPaste)
  }
}
