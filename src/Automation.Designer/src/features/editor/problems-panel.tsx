import { CheckCircle2, CircleAlert, CircleHelp, X } from 'lucide-react'
import type { Problem } from '@/api/workflow-files'
import { fileOf } from '@/document/files'
import { pathOf } from '@/document/json'
import { IconButton } from '@/ui/button'
import { openScript } from './commands'
import { keyOfProblem } from './problems'
import styles from './problems-panel.module.css'
import { documentOf, goTo, useEditor, useEditorState, type Editor } from './store'

/** Goes to where a problem is: the field in the form, or the line of the script. */
export function goToProblem(editor: Editor, problem: Problem): void {
  const state = editor.getState()
  const key = keyOfProblem(state.id, documentOf(state).workflow, problem)
  if (key === null) return editor.setState({ selection: [], view: 'canvas' })
  goTo(editor, key)
  const [, , ...path] = pathOf(problem.pointer)
  if (problem.file !== fileOf(state.id) || path[0] === 'code') return openScript(editor, key)
  editor.setState({ script: null })
  requestAnimationFrame(() => {
    const field = document.querySelector(`[data-path="${CSS.escape(path.join('/'))}"], [data-path="${CSS.escape(path[0] ?? '')}"]`)
    field?.scrollIntoView({ block: 'center' })
    field?.querySelector<HTMLElement>('.cm-content, input, select, textarea')?.focus()
  })
}

/** What the server finds wrong, each with the way to it. */
export function ProblemsPanel() {
  const editor = useEditor()
  const { problems, id, checking, unchecked } = useEditorState((state) => state)
  return (
    <section className={styles.panel} aria-label="Problems">
      <header>
        <h2>Problems</h2>
        <span aria-live="polite">{checking ? 'checking …' : unchecked !== null ? 'not checked' : problems.length === 0 ? 'none' : problems.length}</span>
        <IconButton label="Close the problems" onClick={() => editor.setState({ problemsOpen: false })}>
          <X aria-hidden />
        </IconButton>
      </header>
      {unchecked !== null ? (
        <p className={styles.none}>
          <CircleHelp aria-hidden /> The server did not look at these files: {unchecked} It is asked again by itself, and whenever something changes.
        </p>
      ) : problems.length === 0 && checking ? null : problems.length === 0 ? (
        <p className={styles.none}>
          <CheckCircle2 aria-hidden /> The server has nothing against these files.
        </p>
      ) : (
        <ul>
          {problems.map((problem, index) => (
            <li key={index}>
              <button type="button" onClick={() => goToProblem(editor, problem)}>
                <CircleAlert aria-hidden />
                <span>{problem.message}</span>
                <code>{problem.file === fileOf(id) ? problem.pointer || 'the workflow' : `${problem.file}${problem.line === null ? '' : `:${problem.line}`}`}</code>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
