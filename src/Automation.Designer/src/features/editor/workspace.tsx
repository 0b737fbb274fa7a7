import { MousePointer2 } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, type ReactNode } from 'react'
import { useSearchParams } from 'react-router'
import type { CanvasEdits } from '@/canvas/canvas-edits'
import { WorkflowCanvas, type CanvasHandle } from '@/canvas/workflow-canvas'
import type { Editor as Present } from '@/api/workflow-files'
import { connect, move, setCollapsed, setNote, tidyStart, writeNote } from '@/document/edit'
import { graphOf, refOf } from '@/document/graph'
import { textAt } from '@/document/json'
import { placesOf } from '@/document/layout'
import { Button } from '@/ui/button'
import { Split } from '@/ui/split'
import { addAt } from './commands'
import { Dialogs } from './dialogs'
import { Notices } from './notices'
import { Palette } from './palette'
import { countsOf, useProblems } from './problems'
import { ProblemsPanel } from './problems-panel'
import { documentOf, edit, lockOf, seal, select, useDocument, useEditor, useEditorState, type Editor } from './store'
import { Toolbar } from './toolbar'
import styles from './workspace.module.css'

// What holds CodeMirror comes after the canvas is there.
const Inspector = lazy(async () => ({ default: (await import('./inspector')).Inspector }))
const JsonView = lazy(async () => ({ default: (await import('./json-view')).JsonView }))
const ScriptEditor = lazy(async () => ({ default: (await import('./script-editor')).ScriptEditor }))

/** The editor's page: toolbar, canvas or text, inspector, problems. */
export function Workspace({ others }: { others: readonly Present[] }) {
  const { workflow } = useDocument()
  const id = useEditorState((state) => state.id)
  const view = useEditorState((state) => state.view)
  const script = useEditorState((state) => state.script)
  const problemsOpen = useEditorState((state) => state.problemsOpen)
  useAddress()
  const main = view === 'json' ? <JsonView /> : <CanvasPane />
  return (
    <div className={styles.workspace}>
      <title>{`${textAt(workflow, 'name') ?? id} – Automation`}</title>
      <Toolbar others={others} />
      <Notices />
      <div className={styles.middle}>
        {script !== null ? (
          <Stage problems={problemsOpen}>
            <ScriptEditor key={script} step={script} />
          </Stage>
        ) : (
          <Split name="editor" direction="row" initial={31} label="Border between the canvas and the inspector">
            <Stage problems={problemsOpen}>{main}</Stage>
            <Suspense>
              <Inspector />
            </Suspense>
          </Split>
        )}
      </div>
      <Dialogs />
    </div>
  )
}

/** What is worked on, with the problems below it. */
function Stage({ problems, children }: { problems: boolean; children: ReactNode }) {
  return (
    <div className={styles.main}>
      <div className={styles.stage}>
        <Suspense>{children}</Suspense>
      </div>
      {problems ? <ProblemsPanel /> : null}
    </div>
  )
}

function CanvasPane() {
  const editor = useEditor()
  const document = useDocument()
  const { id, catalog, selection, adding } = useEditorState((state) => state)
  const problems = useProblems()
  const locked = useEditorState((state) => lockOf(state) !== null)
  const counts = useMemo(() => countsOf(id, document.workflow, problems), [id, document.workflow, problems])
  const edits = useMemo(() => editsOf(editor), [editor])
  const attach = useCallback((canvas: CanvasHandle | null) => editor.setCanvas(canvas), [editor])
  const isEmpty = Object.keys(document.workflow['steps'] ?? {}).length + Object.keys(document.workflow['triggers'] ?? {}).length === 0
  return (
    <div className={styles.canvas} data-canvas onPointerDownCapture={() => seal(editor)}>
      <WorkflowCanvas
        ref={attach}
        label="Canvas: steps and triggers of the workflow"
        workflow={document.workflow}
        layout={document.layout}
        catalog={catalog}
        selection={selection}
        onSelect={(next) => select(editor, next)}
        problems={counts}
        {...(locked ? {} : { edits })}
      />
      {isEmpty && !adding && !locked ? (
        <div className={styles.empty}>
          <MousePointer2 aria-hidden />
          <h2>What starts it?</h2>
          <p>Add a trigger first: a webhook, an MQTT topic, a schedule. Then lead it to steps.</p>
          <Button kind="primary" onClick={() => editor.setState({ adding: { kind: 'free', at: null } })}>
            Add a trigger
          </Button>
        </div>
      ) : null}
      {adding ? <Palette key={JSON.stringify(adding)} where={adding} /> : null}
    </div>
  )
}

function editsOf(editor: Editor): CanvasEdits {
  return {
    move: (places) => edit(editor, 'Move', (document) => move(document, pinned(editor, places)), `move/${[...places.keys()].sort().join(' ')}`),
    connect: (from, outcome, to) => edit(editor, 'Connect', (document) => tidyStart(editor.getState().saved, connect(document, refOf(from), outcome, refOf(to).id))),
    addAfter: (from, outcome, at) => editor.setState({ adding: { kind: 'after', from: refOf(from), outcome, at } }),
    insert: (edge) => editor.setState({ adding: { kind: 'edge', edge } }),
    drop: (type, at, edge) => {
      const [kind, ...rest] = type.split(':')
      addAt(editor, kind === 'trigger' ? 'trigger' : 'step', rest.join(':'), edge && kind !== 'trigger' ? { kind: 'edge', edge } : { kind: 'free', at })
    },
    setNote: (id, note) => edit(editor, note ? 'Change a comment' : 'Delete a comment', (document) => setNote(document, id, note)),
    write: (id, text) => edit(editor, 'Change a comment', (document) => writeNote(document, id, text), `note/${id}`),
    setCollapsed: (id, collapsed) => edit(editor, collapsed ? 'Collapse' : 'Show the loop', (document) => setCollapsed(document, id, collapsed)),
    open: (key) => {
      select(editor, [key])
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-path] .cm-content, [data-path] input, [data-path] select')?.focus())
    },
  }
}

/** The first thing that is moved pins all others where they are, so that nothing else jumps. */
function pinned(editor: Editor, places: ReadonlyMap<string, { x: number; y: number }>): ReadonlyMap<string, { x: number; y: number }> {
  const state = editor.getState()
  const { workflow, layout } = documentOf(state)
  if ([...places.keys()].every((key) => key.startsWith('note:'))) return places
  return new Map([...placesOf(graphOf(workflow, state.catalog), layout), ...places])
}

/** What is selected and the view stand in the address, so that they can be linked to. */
function useAddress(): void {
  const editor = useEditor()
  const [parameters, setParameters] = useSearchParams()
  const selection = useEditorState((state) => state.selection)
  const view = useEditorState((state) => state.view)
  useEffect(() => {
    const at = parameters.get('at')
    editor.setState({ ...(at ? { selection: [at] } : {}), ...(parameters.get('view') === 'json' ? { view: 'json' } : {}), ...(parameters.has('script') && at ? { script: at } : {}) })
    // Read once: from then on the editor writes it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [editor])
  useEffect(() => {
    setParameters(
      (old) => {
        const next = new URLSearchParams(old)
        const [only] = selection
        if (selection.length === 1 && only !== undefined && !only.includes('|')) next.set('at', only)
        else next.delete('at')
        if (view === 'json') next.set('view', view)
        else next.delete('view')
        next.delete('script')
        return next
      },
      { replace: true },
    )
  }, [selection, view, setParameters])
}
