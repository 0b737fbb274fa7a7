import { CheckCircle2, CircleAlert, CircleHelp, X } from 'lucide-react'
import { fileOf } from '@/document/files'
import { IconButton } from '@/ui/button'
import { goToProblem, useProblems } from './problems'
import styles from './problems-panel.module.css'
import { useEditor, useEditorState } from './store'

/** What is wrong, each with the way to it. */
export function ProblemsPanel() {
  const editor = useEditor()
  const { id, checking, unchecked } = useEditorState((state) => state)
  const problems = useProblems()
  return (
    <section className={styles.panel} aria-label="Problems">
      <header>
        <h2>Problems</h2>
        <span aria-live="polite">{checking ? 'checking …' : problems.length > 0 ? problems.length : unchecked !== null ? 'not checked' : 'none'}</span>
        <IconButton label="Close the problems" onClick={() => editor.setState({ problemsOpen: false })}>
          <X aria-hidden />
        </IconButton>
      </header>
      {unchecked !== null ? (
        <p className={styles.none}>
          <CircleHelp aria-hidden /> The server did not look at these files: {unchecked} It is asked again by itself, and whenever something changes.
        </p>
      ) : problems.length === 0 && !checking ? (
        <p className={styles.none}>
          <CheckCircle2 aria-hidden /> The server has nothing against these files.
        </p>
      ) : null}
      {problems.length > 0 ? (
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
      ) : null}
    </section>
  )
}
