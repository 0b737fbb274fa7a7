import { json } from '@codemirror/lang-json'
import type { Diagnostic } from '@codemirror/lint'
import { useMemo, useState } from 'react'
import { canonicalText } from '@/document/canonical'
import { fileOf, workflowText } from '@/document/files'
import { refOf } from '@/document/graph'
import { same } from '@/document/json'
import { JsonError } from '@/document/json-text'
import { Button } from '@/ui/button'
import { CodeView } from './code/code-view'
import { completions, inExpressions } from './code/completion'
import { expressionText } from './code/expressions'
import styles from './json-view.module.css'
import { useSampleData } from './sample'
import { documentOf, edit, useDocument, useEditor, useEditorState } from './store'
import { dropUnfinished, readWorkflowText } from './workflow-text'

/** The workflow file as text, in step with the canvas: what is valid JSON counts at once, what is not yet is kept as text. */
export function JsonView() {
  const editor = useEditor()
  const document = useDocument()
  const { id, catalog, opened, problems, selection, readOnly, unfinished } = useEditorState((state) => state)
  const sample = useSampleData()
  const given = useMemo(() => workflowText(id, document, opened.files, catalog), [id, document, opened, catalog])
  const [whole, setWhole] = useState(given) // as it was typed: its blanks are not in the document
  const [known, setKnown] = useState(given)
  const text = unfinished ?? whole
  const parsed = useMemo(() => readWorkflowText(text), [text])
  if (known !== given) {
    setKnown(given)
    const shown = readWorkflowText(whole)
    if (shown instanceof JsonError || !same(shown.value, document.workflow)) setWhole(given)
  }
  const diagnostics = useMemo((): Diagnostic[] => {
    if (parsed instanceof JsonError) return [{ from: parsed.offset, to: parsed.offset + 1, severity: 'error', message: parsed.message }]
    return problems
      .filter((problem) => problem.file === fileOf(id))
      .map((problem) => {
        const place = parsed.places.get(problem.pointer) ?? parsed.places.get('') ?? { from: 0, to: 1 }
        return { from: place.from, to: problem.pointer === '' ? place.from + 1 : place.to, severity: 'error', message: problem.message }
      })
  }, [parsed, problems, id])
  const scope = useMemo(() => sample.scopeOf(null), [sample])
  const extensions = useMemo(() => [json(), expressionText, completions(scope, inExpressions)], [scope])
  const [start] = useState(() => {
    if (parsed instanceof JsonError) return { at: parsed.offset }
    const [key] = selection
    if (key === undefined || key.includes('|') || key.startsWith('note:')) return null
    const ref = refOf(key)
    const place = parsed.places.get(`/${ref.kind}s/${ref.id}`)
    return place ? { at: place.from } : null
  })
  const change = (next: string) => {
    const read = readWorkflowText(next)
    if (read instanceof JsonError) return editor.setState({ unfinished: next })
    setWhole(next)
    editor.setState({ unfinished: null })
    if (!same(read.value, documentOf(editor.getState()).workflow)) edit(editor, 'Edit the JSON', (old) => ({ ...old, workflow: read.value }), 'json')
  }
  return (
    <div className={styles.json}>
      <div className={styles.bar}>
        <span>{fileOf(id)}</span>
        {parsed instanceof JsonError ? (
          <>
            <span role="alert" className={styles.wrong}>
              Line {parsed.line}: {parsed.message} The canvas shows the last text that was whole.
            </span>
            <Button onClick={() => void dropUnfinished(editor)}>Drop the text</Button>
          </>
        ) : (
          <Button disabled={readOnly !== null} onClick={() => setWhole(canonicalText(parsed.value, catalog))}>
            Format
          </Button>
        )}
      </div>
      <CodeView large label="The workflow as JSON" className={styles.code} value={text} onChange={change} extensions={extensions} diagnostics={diagnostics} readOnly={readOnly !== null} goTo={start} />
    </div>
  )
}
