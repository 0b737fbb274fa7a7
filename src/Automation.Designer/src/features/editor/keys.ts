import { commandOf, commands, isEnabled, type Command } from './commands'
import type { Editor } from './store'

const isMac = navigator.platform.startsWith('Mac')

/** How a key is written for people: Ctrl+Shift+Z. */
export const keyText = (keys: string): string => (keys === '+' ? keys : keys.split('+').map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key)).join(isMac ? ' ' : '+'))

/** What a command's button says: its label and key. */
export function titleOf(id: string): string {
  const command = commandOf(id)
  return command.keys?.[0] ? `${command.label} (${keyText(command.keys[0])})` : command.label
}

const names: Readonly<Record<string, string>> = { Mod: isMac ? '⌘' : 'Ctrl', ArrowRight: '→', ArrowLeft: '←', Escape: 'Esc', Delete: 'Del' }

function fits(event: KeyboardEvent, keys: string): boolean {
  if (keys === '+') return event.key === '+' && !event.ctrlKey && !event.metaKey
  const parts = keys.split('+')
  const key = parts.at(-1) ?? ''
  const mod = isMac ? event.metaKey : event.ctrlKey
  if (parts.includes('Mod') !== mod || parts.includes('Alt') !== event.altKey) return false
  const letter = /^[a-z0-9]$/i.test(key)
  if (letter && parts.includes('Shift') !== event.shiftKey) return false
  return event.key.toLowerCase() === key.toLowerCase() || (letter && event.code === (/[0-9]/.test(key) ? `Digit${key}` : `Key${key.toUpperCase()}`))
}

/** Whether a key or an event of the clipboard is for a text field or a dialog. */
export const isElsewhere = ({ target }: Event): boolean => isText(target) || document.querySelector('dialog[open]') !== null

const isText = (target: EventTarget | null): boolean => target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select'))

/** Has commands run by their keys until the function it returns is called. Keys without Ctrl count only on the canvas. */
export function listenToKeys(editor: Editor): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return
    const target = event.target instanceof Element ? event.target : null
    const text = isText(target)
    const onCanvas = target === document.body || target?.closest('[data-canvas]') !== null
    const command = commands.find((each) => !each.native && each.keys?.some((keys) => fits(event, keys)) && (each.inText || !text) && (onCanvas || keysAreEverywhere(each)))
    if (!command) return
    if (!isEnabled(command, editor.getState())) {
      if (command.inText) event.preventDefault() // else Ctrl+S would save the page
      return
    }
    event.preventDefault()
    command.run(editor)
  }
  window.addEventListener('keydown', onKey)
  return () => window.removeEventListener('keydown', onKey)
}

const keysAreEverywhere = (command: Command): boolean => command.inText === true || command.id === 'undo' || command.id === 'redo' || command.id === 'run' || command.id === 'escape'
