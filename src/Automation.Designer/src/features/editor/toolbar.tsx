import { Braces, Check, ChevronLeft, CircleAlert, CircleHelp, Keyboard, Play, Plus, Redo2, Save, Search, Undo2, Users, Workflow } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Editor as Present } from '@/api/workflow-files'
import { textAt } from '@/document/json'
import { Button, IconButton } from '@/ui/button'
import { commandOf, isEnabled } from './commands'
import { keyText, titleOf } from './keys'
import { useProblems } from './problems'
import { isChanged, useDocument, useEditor, useEditorState, type View } from './store'
import styles from './toolbar.module.css'

export function Toolbar({ others }: { others: readonly Present[] }) {
  const editor = useEditor()
  const { workflow } = useDocument()
  const id = useEditorState((state) => state.id)
  const changed = useEditorState(isChanged)
  const gone = useEditorState((state) => state.gone)
  const unfinished = useEditorState((state) => state.unfinished !== null)
  const readOnly = useEditorState((state) => state.readOnly)
  const problems = useProblems().length
  const checking = useEditorState((state) => state.checking)
  const unchecked = useEditorState((state) => (state.unfinished === null ? state.unchecked : 'The text in the JSON view is no workflow yet.'))
  const view = useEditorState((state) => state.view)
  return (
    <header className={styles.toolbar}>
      <Link to="/workflows" className={styles.back} title="All workflows">
        <ChevronLeft aria-hidden />
        <span>Workflows</span>
      </Link>
      <h1 title={id}>{textAt(workflow, 'name') ?? id}</h1>
      <span className={styles.state} data-changed={changed || gone} role="status">
        {readOnly !== null ? `Read only. ${readOnly}` : unfinished ? 'Not JSON yet, kept in this browser' : changed ? 'Draft, kept in this browser' : gone ? 'Deleted elsewhere' : 'Saved'}
      </span>
      {others.length > 0 ? (
        <span className={styles.others} title={`Also has this open: ${others.map((other) => other.name).join(', ')}. Neither overwrites the other: changes are merged.`}>
          <Users aria-hidden /> {others.length === 1 ? others[0]?.name : `${others.length} others`}
        </span>
      ) : null}
      <div className={styles.gap} />
      <Tool id="undo">
        <Undo2 aria-hidden />
      </Tool>
      <Tool id="redo">
        <Redo2 aria-hidden />
      </Tool>
      <Tool id="palette">
        <Search aria-hidden />
      </Tool>
      <Tool id="keys">
        <Keyboard aria-hidden />
      </Tool>
      <div className={styles.views} role="group" aria-label="View">
        {(['canvas', 'json'] as const satisfies readonly View[]).map((each) => (
          <button key={each} type="button" aria-pressed={view === each} title={`${each === 'json' ? 'The file as text' : 'The graph'} (${keyText('Mod+j')})`} onClick={() => editor.setState({ view: each, script: null })}>
            {each === 'json' ? <Braces aria-hidden /> : <Workflow aria-hidden />}
            <span className={styles.word}>{each === 'json' ? 'JSON' : 'Canvas'}</span>
          </button>
        ))}
      </div>
      <Button className={`${styles.tool} ${styles.problems}`} data-bad={problems > 0} {...(unchecked === null ? {} : { title: unchecked })} onClick={() => commandOf('problems').run(editor)} icon={problems > 0 ? <CircleAlert aria-hidden /> : unchecked === null ? <Check aria-hidden /> : <CircleHelp aria-hidden />}>
        <span className={styles.word}>{problems > 0 ? (problems === 1 ? '1 problem' : `${problems} problems`) : unchecked !== null ? 'Not checked' : checking ? 'Checking …' : 'No problems'}</span>
      </Button>
      <TextTool id="add" icon={<Plus aria-hidden />}>
        Add
      </TextTool>
      <TextTool id="run" icon={<Play aria-hidden />}>
        Run
      </TextTool>
      <TextTool id="save" icon={<Save aria-hidden />} primary>
        Save
      </TextTool>
    </header>
  )
}

function Tool({ id, children }: { id: string; children: ReactNode }) {
  const editor = useEditor()
  const enabled = useEditorState((state) => isEnabled(commandOf(id), state))
  return (
    <IconButton label={titleOf(id)} disabled={!enabled} onClick={() => commandOf(id).run(editor)}>
      {children}
    </IconButton>
  )
}

function TextTool({ id, icon, primary = false, children }: { id: string; icon: ReactNode; primary?: boolean; children: ReactNode }) {
  const editor = useEditor()
  const enabled = useEditorState((state) => isEnabled(commandOf(id), state))
  const refusal = useEditorState((state) => (id === 'run' ? state.noRuns : state.readOnly))
  return (
    <Button className={styles.tool} kind={primary ? 'primary' : 'plain'} icon={icon} title={titleOf(id)} {...(refusal === null ? { disabled: !enabled } : { reason: refusal })} onClick={() => commandOf(id).run(editor)}>
      <span className={styles.word}>{children}</span>
    </Button>
  )
}
