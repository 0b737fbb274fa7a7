import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, indentOnInput } from '@codemirror/language'
import { setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import { Annotation, Compartment, EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, placeholder as placeholderText } from '@codemirror/view'
import { useEffect, useEffectEvent, useRef } from 'react'
import { changeIn, offsetInLf, withEndsOf, withLf } from '@/document/line-ends'
import { theme } from './theme'

interface CodeViewProps {
  label: string
  value: string
  onChange: (value: string) => void
  /** Language and completions; the same object while they are the same. */
  extensions?: Extension
  /** Line numbers, search, Tab for indenting. */
  large?: boolean
  oneLine?: boolean
  placeholder?: string
  readOnly?: boolean
  /** Takes the focus when it is shown. */
  autoFocus?: boolean
  /** Mistakes to underline: places as offsets. */
  diagnostics?: readonly Diagnostic[]
  /** An offset to go to, each time it is another object. */
  goTo?: { at: number } | null
  className?: string | undefined
  onBlur?: () => void
}

/** Keys that are commands of the whole editor. */
const commandKeys = ['Mod-Enter', 'Mod-i']

const fromOutside = Annotation.define<boolean>()

/** A text in CodeMirror, which knows lines by LF only: what is typed keeps the text's own line ends, and offsets are those of the text. */
export function CodeView({ label, value, onChange, extensions = [], large = false, oneLine = false, placeholder = '', readOnly = false, autoFocus = false, diagnostics, goTo, className, onBlur }: CodeViewProps) {
  const parent = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const given = useRef(new Compartment())
  const changed = useEffectEvent((edited: string) => onChange(withEndsOf(value, edited)))
  const blurred = useEffectEvent(() => onBlur?.())
  const first = useEffectEvent(() => ({ value, extensions, autoFocus }))
  const placeOf = useEffectEvent((offset: number) => offsetInLf(value, offset))

  useEffect(() => {
    const start = first()
    const editor = new EditorView({
      parent: parent.current ?? document.body,
      state: EditorState.create({
        doc: withLf(start.value),
        extensions: [
          given.current.of(start.extensions),
          history(),
          drawSelection(),
          closeBrackets(),
          bracketMatching(),
          large ? [lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), indentOnInput(), keymap.of([...searchKeymap, indentWithTab])] : [],
          oneLine ? EditorState.transactionFilter.of((transaction) => (transaction.newDoc.lines > 1 ? [] : transaction)) : EditorView.lineWrapping,
          keymap.of([...closeBracketsKeymap, ...defaultKeymap.filter((binding) => !commandKeys.includes(binding.key ?? '')), ...historyKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
          EditorState.readOnly.of(readOnly),
          placeholderText(placeholder),
          EditorView.domEventHandlers({ blur: () => blurred() }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !update.transactions.some((transaction) => transaction.annotation(fromOutside))) changed(update.state.doc.toString())
          }),
          theme,
        ],
      }),
    })
    view.current = editor
    if (start.autoFocus) editor.focus()
    return () => {
      editor.destroy()
      view.current = null
    }
  }, [label, large, oneLine, placeholder, readOnly])

  useEffect(() => {
    view.current?.dispatch({ effects: given.current.reconfigure(extensions) })
  }, [extensions])

  useEffect(() => {
    const editor = view.current
    const old = editor?.state.doc.toString()
    const now = withLf(value)
    if (!editor || old === undefined || old === now) return
    editor.dispatch({ changes: changeIn(old, now), annotations: fromOutside.of(true) })
  }, [value])

  useEffect(() => {
    const editor = view.current
    if (!editor || !diagnostics) return
    const end = editor.state.doc.length
    editor.dispatch(setDiagnostics(editor.state, diagnostics.map((each) => {
      const [from, to] = [placeOf(each.from), placeOf(each.to)]
      return { ...each, from: Math.min(from, end), to: Math.min(Math.max(to, from + 1), end) }
    })))
  }, [diagnostics])

  useEffect(() => {
    const editor = view.current
    if (!editor || !goTo) return
    const at = Math.min(placeOf(goTo.at), editor.state.doc.length)
    editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    editor.focus()
  }, [goTo])

  return <div ref={parent} className={className} />
}
