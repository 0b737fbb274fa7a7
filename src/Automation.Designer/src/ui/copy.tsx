import { Check, Copy as CopyIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from './button'

/** Puts a text on the clipboard, and shows for a moment that it did. */
export function Copy({ text, label = 'Copy' }: { text: string | (() => string); label?: string }) {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 1_200)
    return () => clearTimeout(timer)
  }, [done])
  const copy = () => {
    writeClipboard(typeof text === 'function' ? text() : text)
    setDone(true)
  }
  return (
    <IconButton label={done ? 'Copied' : label} onClick={copy}>
      {done ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
    </IconButton>
  )
}

/** By the browser's copy event, which is there without TLS too. */
function writeClipboard(text: string): void {
  const onCopy = (event: ClipboardEvent) => {
    event.preventDefault()
    event.stopPropagation()
    event.clipboardData?.setData('text/plain', text)
  }
  document.addEventListener('copy', onCopy, { capture: true, once: true })
  document.execCommand('copy')
  document.removeEventListener('copy', onCopy, { capture: true })
}
