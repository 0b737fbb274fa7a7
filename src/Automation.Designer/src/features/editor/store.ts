import { createContext, useContext } from 'react'
import { createStore, useStore, type StoreApi } from 'zustand'
import type { Problem, WorkflowFiles } from '@/api/workflow-files'
import type { CanvasHandle } from '@/canvas/workflow-canvas'
import type { Catalog } from '@/document/catalog'
import type { Point, WorkflowDocument } from '@/document/document'
import { changedFiles, readFiles, type Files } from '@/document/files'
import { refOf, stepsOf, triggersOf, type GraphEdge, type NodeRef } from '@/document/graph'
import { edited, historyOf, redone, sealed, undone, type History } from '@/document/history'
import { keysOf } from '@/document/json'
import type { Conflict } from '@/document/merge'
import type { KeptDraft, UnfinishedField, UnfinishedFields } from '@/parts/drafts'
import { problemsOfFields, stillOver, withField } from './unfinished-fields'

/** A draft that is part of what is edited, for as long as it is not undone. */
export interface TakenDraft {
  draft: KeptDraft
  /** How many edits there were with it. */
  edits: number
}

/** The files as they were read last, or saved. */
export interface Opened {
  files: Files
  /** Null for a workflow that is not on the server yet. */
  base: string | null
  /** Files that are there and are not shown, and why: they are not written either. */
  hidden: Readonly<Record<string, string>>
  /** Those of {@link files} that a read of the workflow does not give, as it does not name them: they are in the folder, as a refused save told or the last save wrote. */
  beside: readonly string[]
  git: WorkflowFiles['git']
}

/** Where a step that is about to be chosen goes. */
export type Where = { kind: 'after'; from: NodeRef; outcome: string; at: Point | null } | { kind: 'edge'; edge: GraphEdge } | { kind: 'free'; at: Point | null }

/** Both sides changed the same: the files as they are now, and what conflicts. */
export interface Merging {
  theirs: Opened
  merged: WorkflowDocument
  conflicts: readonly Conflict[]
  /** The draft that is merged, where it is not the files. */
  draft?: KeptDraft
}

export type View = 'canvas' | 'json'
export type DialogName = 'save' | 'commands' | 'keys' | 'run' | 'connect'

export interface EditorState {
  id: string
  catalog: Catalog
  opened: Opened
  /** Whether {@link opened} is of files that somebody deleted since; a save makes them anew. */
  gone: boolean
  /** The document of {@link opened}. */
  saved: WorkflowDocument
  history: History<WorkflowDocument>
  /** The text of the JSON view while it is no workflow yet; null while it is the document's. Nothing else is edited until then: it would be lost with the text's next whole state. */
  unfinished: string | null
  /** What is typed into forms and cannot be read yet, so that the document has it not. */
  fields: UnfinishedFields
  /** Drafts of other windows that are not part of what is edited here. */
  drafts: readonly KeptDraft[]
  /** Those that are: they are forgotten once they are saved. */
  taken: readonly TakenDraft[]
  selection: readonly string[]
  view: View
  /** The script that is open in the large editor: a step's key. */
  script: string | null
  /** Set while the palette asks what to add there. */
  adding: Where | null
  dialog: DialogName | null
  problems: readonly Problem[]
  checking: boolean
  /** Why the server did not look at the files as they are now, as a sentence; null when it did, or is about to. */
  unchecked: string | null
  /** Whether files are on their way to the server. */
  saving: boolean
  problemsOpen: boolean
  merging: Merging | null
  /** The `base` of files whose merge was put off: it is asked about again at the save, or when they change again. */
  putOff: string | null
  /** Files of somebody else, of a workflow with the id that was free when this one was begun; they are not merged. */
  occupied: WorkflowFiles | null
  /** Whose page it is; null until that is known. */
  user: string | null
  /** Who is signed in now, where that is somebody else: nothing is saved any more. */
  stranger: string | null
  /** Why nothing may be edited; null for who may. */
  readOnly: string | null
  /** Why no run may be started; null for who may. */
  noRuns: string | null
  /** Set until the recorded data has taken the focus. */
  toData: boolean
}

export interface Editor extends StoreApi<EditorState> {
  /** The canvas while it is shown. */
  canvas: { current: CanvasHandle | null }
  setCanvas: (canvas: CanvasHandle | null) => void
}

export function createEditor(id: string, catalog: Catalog, opened: Opened, document: WorkflowDocument | null, readOnly: string | null): Editor {
  const saved = readFiles(id, opened.files)
  // Without files there is nothing to go back to: undo would leave nothing of an import.
  const history = document === null ? historyOf(saved) : opened.base === null ? historyOf(document) : edited(historyOf(saved), document, 'Draft')
  const store = createStore<EditorState>(() => ({
    id, catalog, opened, saved, history, readOnly, noRuns: null, gone: false, unfinished: null, fields: {}, drafts: [], taken: [], selection: [], view: 'canvas', script: null, adding: null, dialog: null, problems: [], checking: true, unchecked: null, saving: false, problemsOpen: false, merging: null, putOff: null, occupied: null, user: null, stranger: null, toData: false,
  }))
  store.subscribe((state, before) => {
    if (state.history.present.workflow === before.history.present.workflow) return
    const fields = stillOver(state.fields, state.history.present.workflow)
    if (fields !== state.fields) store.setState({ fields })
  })
  const canvas: Editor['canvas'] = { current: null }
  return Object.assign(store, { canvas, setCanvas: (handle: CanvasHandle | null) => void (canvas.current = handle) })
}

export const EditorContext = createContext<Editor | null>(null)

export function useEditor(): Editor {
  const editor = useContext(EditorContext)
  if (!editor) throw new Error('There is no editor around this.')
  return editor
}

export const useEditorState = <T>(select: (state: EditorState) => T): T => useStore(useEditor(), select)

/** Why steps, triggers and scripts may not be edited now; null when they may. */
export const lockOf = ({ readOnly, unfinished }: EditorState): string | null => readOnly ?? (unfinished === null ? null : 'The text in the JSON view is no workflow yet. Mend it there, or drop it.')

export const documentOf = (state: EditorState): WorkflowDocument => state.history.present
/** Why the text of a file is not shown though it is there; undefined where it is. */
export const useHidden = (file: string | null): string | undefined => useEditorState(({ opened }) => (file === null ? undefined : opened.hidden[file]))

export const useDocument = (): WorkflowDocument => useEditorState(documentOf)

/** The one step or trigger that is selected. */
export function selectedRef(state: EditorState): NodeRef | null {
  const keys = state.selection.filter((key) => !key.includes('|') && !key.startsWith('note:'))
  return keys.length === 1 && keys[0] !== undefined ? refOf(keys[0]) : null
}

/** Does an edit that can be undone. @param burst Edits with the same one are undone at once while nothing comes between, nor a second passes. */
export function edit(editor: Editor, label: string, change: (document: WorkflowDocument) => WorkflowDocument, burst: string | null = null): void {
  const { history } = editor.getState()
  if (lockOf(editor.getState()) !== null) return
  editor.setState({ history: edited(history, change(history.present), label, burst) })
}

/** Keeps what is typed into a field while it cannot be read. @param problem Why it cannot be; null where it can. */
export function setField(editor: Editor, pointer: string, typed: UnfinishedField['typed'], problem: string | null): void {
  const { fields, history } = editor.getState()
  const next = withField(fields, history.present.workflow, pointer, typed, problem)
  if (next !== fields) editor.setState({ fields: next })
}

/** What of the forms cannot be read, as problems. */
export const unreadOf = ({ id, fields, history }: EditorState): Problem[] => problemsOfFields(id, fields, history.present.workflow)

export const seal = (editor: Editor): void => editor.setState(({ history }) => ({ history: sealed(history) }))
export const undo = (editor: Editor): void => editor.setState(({ history, selection }) => stillSelected(undone(history), selection))
export const redo = (editor: Editor): void => editor.setState(({ history, selection }) => stillSelected(redone(history), selection))

/** What is gone is selected no more: it would be when it comes back, and a comment be written in. */
function stillSelected(history: History<WorkflowDocument>, selection: readonly string[]): Partial<EditorState> {
  const { workflow, layout } = history.present
  const present = new Set([...Object.keys(layout.notes).map((id) => `note:${id}`), ...keysOf(stepsOf(workflow)).map((id) => `step:${id}`), ...keysOf(triggersOf(workflow)).map((id) => `trigger:${id}`)])
  return { history, selection: selection.filter((key) => key.includes('|') || present.has(key)) }
}

export const select = (editor: Editor, selection: readonly string[]): void => editor.setState(({ history }) => ({ selection, history: sealed(history) }))

/** Selects and shows a step or trigger. */
export function goTo(editor: Editor, key: string): void {
  select(editor, [key])
  editor.setState({ view: 'canvas' })
  requestAnimationFrame(() => editor.canvas.current?.reveal([key]))
}

/** What would be written now, by file; null for one that is to go. */
export function changesOf({ id, history: { present }, opened, gone, catalog }: EditorState): Readonly<Record<string, string | null>> {
  const files = gone ? noFiles : opened.files
  const known = changes.get(present)
  if (known?.files === files && known.catalog === catalog) return known.changed
  const changed = changedFiles(id, present, files, catalog)
  changes.set(present, { files, catalog, changed })
  return changed
}

// Asked at each change of the store, the selection too: the whole workflow is not written each time.
const changes = new WeakMap<WorkflowDocument, { files: Files; catalog: Catalog; changed: Readonly<Record<string, string | null>> }>()
const noFiles: Files = {}

export const isChanged = (state: EditorState): boolean => state.unfinished !== null || unreadOf(state).length > 0 || isEdited(state)

/** Whether the document differs from the files. */
export const isEdited = (state: EditorState): boolean => state.history.present !== state.saved && (state.opened.base === null || Object.keys(changesOf(state)).length > 0)

/** Takes files as the ones on the server, with what is edited as it is. */
export function setOpened(editor: Editor, opened: Opened): void {
  editor.setState(({ id }) => ({ opened, saved: readFiles(id, opened.files) }))
}
