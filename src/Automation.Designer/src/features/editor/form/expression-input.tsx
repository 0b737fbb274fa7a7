import { json } from '@codemirror/lang-json'
import type { Diagnostic } from '@codemirror/lint'
import { useMemo, useState } from 'react'
import type { Json } from '@/document/json'
import { partsOf } from '@/document/references'
import { completions, inExpressions, type Scope } from '../code/completion'
import { CodeView } from '../code/code-view'
import { expressionText } from '../code/expressions'
import styles from './form.module.css'
import { Preview } from './preview'
import { usePreview, type Preview as PreviewOf } from './use-preview'
import { isLarge, valueOf } from './value-text'

interface ExpressionInputProps {
  label: string
  text: string
  onText: (text: string) => void
  scope: Scope
  placeholder: string
  /** Ids that may stand here, to choose from. */
  ids?: readonly string[]
  /** Whether the text is a value of any kind, written as JSON where it is no text. */
  anything?: boolean
  disabled: boolean
  /** Something else is said to be wrong with it already. */
  quiet?: boolean
  autoFocus?: boolean
}

const none: readonly string[] = []

/** A text with `${expressions}`, and what it gives for the sample. */
export function ExpressionInput({ label, text, onText, scope, placeholder, ids = none, anything = false, disabled, quiet = false, autoFocus = false }: ExpressionInputProps) {
  const large = anything && (isLarge(meaning(text)) || /^\s*[[{]/.test(text))
  const names = ids.join('\n')
  const extensions = useMemo(() => [large ? json() : [], expressionText, completions(scope, inExpressions, names === '' ? [] : names.split('\n'))], [scope, large, names])
  const preview = usePreview(anything ? meaning(text) : text, scope, !disabled)
  const diagnostics = useMemo(() => (preview && !large ? mistakesIn(text, preview) : []), [preview, large, text])
  return (
    <>
      <CodeView label={label} className={styles.code} value={text} placeholder={placeholder} readOnly={disabled} autoFocus={autoFocus} extensions={extensions} diagnostics={diagnostics} onChange={onText} />
      {quiet ? null : <Preview name={label} preview={preview} />}
    </>
  )
}

function meaning(text: string): Json | undefined {
  const meant = valueOf(text)
  return 'value' in meant ? meant.value : undefined
}

/** Where the expression that fails stands, from the place in it that the sandbox names. */
function mistakesIn(text: string, preview: PreviewOf): Diagnostic[] {
  if (!('problem' in preview)) return []
  const part = partsOf(text).find((each) => each.expression && each.text === preview.expression)
  if (!part) return []
  const from = part.at + Math.min(Math.max((preview.column ?? 1) - 1, 0), Math.max(part.text.length - 1, 0))
  const to = preview.column === null ? part.at + part.text.length : from + (/^[\w$]+/.exec(text.slice(from))?.[0].length ?? 1)
  return [{ from, to, severity: 'warning', message: preview.problem }]
}

/** The text of a field while it is edited: what is outside counts when that changes. */
export function useDraft(given: string, isSame: (draft: string) => boolean = () => false): [string, (text: string) => void] {
  const [draft, setDraft] = useState(given)
  const [known, setKnown] = useState(given)
  if (known !== given) {
    setKnown(given)
    if (!isSame(draft)) setDraft(given)
  }
  return [draft, setDraft]
}
