import { aligned, distributed, type Alignment, type Axis } from '@/document/align'
import type { Point } from '@/document/document'
import { copy, paste } from '@/document/clipboard'
import { add, addAfter, arrange, configOf, disconnect, forward, insertOnEdge, move, newId, remove, setCollapsed, setDisabled, setNote, tidyStart } from '@/document/edit'
import { graphOf, keyOf, refOf, stepsOf, waysOf, type GraphEdge, type NodeRef } from '@/document/graph'
import { keysOf } from '@/document/json'
import { JsonError, parseJson } from '@/document/json-text'
import { apart, free, placesOf, roomOn, sizeOf, type Size } from '@/document/layout'
import { toast } from '@/ui/toast'
import { goToProblem } from './problems'
import { documentOf, edit, goTo, isChanged, lockOf, redo, select, selectedRef, undo, unreadOf, type Editor, type EditorState, type Where } from './store'
import { readWorkflowText } from './workflow-text'

/** Something a person can do: menu, keys and the command palette all read {@link commands}. */
export interface Command {
  id: string
  label: string
  group: 'Edit' | 'Add' | 'Align' | 'View' | 'Workflow'
  /** As `Mod+Shift+z`: Mod is Ctrl, on a Mac Command. The first is shown. */
  keys?: readonly string[]
  /** Whether the keys count while a text field has the focus. */
  inText?: boolean
  /** The browser has an event of its own for the keys, that `clipboard-events` answers. */
  native?: boolean
  isEnabled?: (state: EditorState) => boolean
  run: (editor: Editor) => void
}

const nodes = (state: EditorState): string[] => state.selection.filter((key) => !key.includes('|'))
const steps = (state: EditorState): string[] => nodes(state).filter((key) => key.startsWith('step:')).map((key) => refOf(key).id)
const onCanvas = (state: EditorState): boolean => state.view === 'canvas' && state.script === null
const canEdit = (state: EditorState): boolean => lockOf(state) === null && onCanvas(state)
const hasSelection = (state: EditorState): boolean => canEdit(state) && state.selection.length > 0
const hasNodes = (state: EditorState): boolean => canEdit(state) && nodes(state).length > 0

/** One step or trigger is selected, with a way on, and there is another step. */
function canConnect(state: EditorState): boolean {
  const ref = selectedRef(state)
  if (!canEdit(state) || ref === null) return false
  const document = documentOf(state)
  return waysOf(ref.kind, configOf(document, ref), state.catalog).length > 0 && keysOf(stepsOf(document.workflow)).some((id) => ref.kind === 'trigger' || id !== ref.id)
}

const edgesOf = (state: EditorState): readonly GraphEdge[] => graphOf(documentOf(state).workflow, state.catalog).edges
const placesIn = (state: EditorState) => placesOf(graphOf(documentOf(state).workflow, state.catalog), documentOf(state).layout)
const many = (count: number, word: string): string => (count === 1 ? `1 ${word}` : `${count} ${word}s`)

const alignments: readonly { to: Alignment; label: string; keys: string }[] = [
  { to: 'left', label: 'Align left edges', keys: 'Alt+a' },
  { to: 'center', label: 'Align middles, one below the other', keys: 'Alt+h' },
  { to: 'right', label: 'Align right edges', keys: 'Alt+d' },
  { to: 'top', label: 'Align upper edges', keys: 'Alt+w' },
  { to: 'middle', label: 'Align middles, side by side', keys: 'Alt+v' },
  { to: 'bottom', label: 'Align lower edges', keys: 'Alt+s' },
]
const axes: readonly { axis: Axis; label: string; keys: string }[] = [
  { axis: 'x', label: 'Equal gaps from left to right', keys: 'Alt+Shift+h' },
  { axis: 'y', label: 'Equal gaps from top to bottom', keys: 'Alt+Shift+v' },
]

export const commands: readonly Command[] = [
  { id: 'save', label: 'Save', group: 'Workflow', keys: ['Mod+s'], inText: true, isEnabled: (state) => state.readOnly === null && (isChanged(state) || state.gone), run: askToSave },
  { id: 'run', label: 'Run by hand', group: 'Workflow', keys: ['Mod+Enter'], isEnabled: (state) => state.opened.base !== null && state.noRuns === null, run: (editor) => editor.setState({ dialog: 'run' }) },
  { id: 'settings', label: 'Name, key, retention and errors', group: 'Workflow', keys: ['Mod+,'], run: (editor) => editor.setState({ selection: [], view: 'canvas' }) },
  { id: 'palette', label: 'Command palette', group: 'View', keys: ['Mod+k', 'Mod+Shift+p'], inText: true, run: (editor) => editor.setState({ dialog: 'commands' }) },
  { id: 'keys', label: 'Keyboard shortcuts', group: 'View', keys: ['?'], run: (editor) => editor.setState({ dialog: 'keys' }) },
  { id: 'undo', label: 'Undo', group: 'Edit', keys: ['Mod+z'], isEnabled: (state) => state.unfinished === null && state.history.past.length > 0, run: undo },
  { id: 'redo', label: 'Redo', group: 'Edit', keys: ['Mod+Shift+z', 'Mod+y'], isEnabled: (state) => state.unfinished === null && state.history.future.length > 0, run: redo },
  { id: 'add', label: 'Add a step', group: 'Add', keys: ['a'], isEnabled: canEdit, run: (editor) => editor.setState((state) => ({ adding: whereNext(state) })) },
  { id: 'connect', label: 'Connect to a step that is there', group: 'Add', keys: ['c'], isEnabled: canConnect, run: (editor) => editor.setState({ dialog: 'connect' }) },
  { id: 'note', label: 'Add a comment', group: 'Add', keys: ['n'], isEnabled: canEdit, run: addNote },
  { id: 'delete', label: 'Delete', group: 'Edit', keys: ['Delete', 'Backspace'], isEnabled: hasSelection, run: deleteSelection },
  { id: 'copy', label: 'Copy', group: 'Edit', keys: ['Mod+c'], isEnabled: hasNodes, native: true, run: () => void document.execCommand('copy') },
  { id: 'cut', label: 'Cut', group: 'Edit', keys: ['Mod+x'], isEnabled: hasNodes, native: true, run: () => void document.execCommand('cut') },
  { id: 'paste', label: 'Paste', group: 'Edit', keys: ['Mod+v'], isEnabled: canEdit, native: true, run: pasteByCommand },
  { id: 'duplicate', label: 'Duplicate', group: 'Edit', keys: ['Mod+d'], isEnabled: hasNodes, run: duplicate },
  { id: 'select-all', label: 'Select all', group: 'Edit', keys: ['Mod+a'], isEnabled: onCanvas, run: (editor) => select(editor, graphOf(documentOf(editor.getState()).workflow, editor.getState().catalog).nodes.map((node) => node.key)) },
  { id: 'disable', label: 'Pass over, or no longer', group: 'Edit', keys: ['d'], isEnabled: (state) => canEdit(state) && steps(state).length > 0, run: toggleDisabled },
  { id: 'collapse', label: 'Collapse or show a loop', group: 'View', keys: ['g'], isEnabled: (state) => canEdit(state) && steps(state).some((id) => isLoop(state, id)), run: toggleCollapsed },
  { id: 'arrange', label: 'Arrange by itself', group: 'View', keys: ['Shift+l'], isEnabled: canEdit, run: (editor) => {
    edit(editor, 'Arrange', arrange)
    requestAnimationFrame(() => editor.canvas.current?.fit())
  } },
  ...alignments.map(({ to, label, keys }): Command => ({ id: `align-${to}`, label, group: 'Align', keys: [keys], isEnabled: (state) => canEdit(state) && nodes(state).length > 1, run: (editor) => place(editor, label, (boxes) => aligned(boxes, to)) })),
  ...axes.map(({ axis, label, keys }): Command => ({ id: `distribute-${axis}`, label, group: 'Align', keys: [keys], isEnabled: (state) => canEdit(state) && nodes(state).length > 2, run: (editor) => place(editor, label, (boxes) => distributed(boxes, axis)) })),
  { id: 'fit', label: 'Zoom to fit', group: 'View', keys: ['f', 'Shift+1'], isEnabled: onCanvas, run: (editor) => editor.canvas.current?.fit() },
  { id: 'zoom-in', label: 'Zoom in', group: 'View', keys: ['+', '='], isEnabled: onCanvas, run: (editor) => editor.canvas.current?.zoomBy(1.25) },
  { id: 'zoom-out', label: 'Zoom out', group: 'View', keys: ['-'], isEnabled: onCanvas, run: (editor) => editor.canvas.current?.zoomBy(0.8) },
  { id: 'next', label: 'Go to the next step', group: 'View', keys: ['Alt+ArrowRight'], isEnabled: (state) => selectedRef(state) !== null, run: (editor) => walk(editor, 'to') },
  { id: 'previous', label: 'Go to the step before', group: 'View', keys: ['Alt+ArrowLeft'], isEnabled: (state) => selectedRef(state) !== null, run: (editor) => walk(editor, 'from') },
  { id: 'json', label: 'Canvas or JSON', group: 'View', keys: ['Mod+j'], inText: true, run: (editor) => editor.setState(({ view }) => ({ view: view === 'json' ? 'canvas' : 'json' })) },
  { id: 'problems', label: 'Show the problems', group: 'View', keys: ['Mod+m'], run: (editor) => editor.setState(({ problemsOpen }) => ({ problemsOpen: !problemsOpen })) },
  { id: 'data', label: 'Go to the recorded data, to put a value into the field', group: 'View', keys: ['Mod+i'], inText: true, isEnabled: (state) => state.script !== null || selectedRef(state) !== null, run: (editor) => editor.setState({ toData: true }) },
  { id: 'script', label: 'Open the script', group: 'View', keys: ['e'], isEnabled: (state) => hasScript(state), run: (editor) => openScript(editor) },
  { id: 'escape', label: 'Select nothing', group: 'Edit', keys: ['Escape'], isEnabled: (state) => state.selection.length > 0 || state.script !== null, run: (editor) => editor.setState(({ script }) => (script === null ? { selection: [] } : { script: null })) },
]

export const commandOf = (id: string): Command => {
  const command = commands.find((each) => each.id === id)
  if (!command) throw new Error(`There is no command ${id}.`)
  return command
}

export const isEnabled = (command: Command, state: EditorState): boolean => command.isEnabled?.(state) ?? true

/** Commands that are possible now and have all the words, first those whose label begins with them. */
export function findCommands(state: EditorState, search: string): Command[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const rank = ({ label, group }: Command): number => {
    const text = `${group} ${label}`.toLowerCase()
    if (!words.every((word) => text.includes(word))) return -1
    return label.toLowerCase().startsWith(words[0] ?? '') ? 2 : words.every((word) => ` ${text}`.includes(` ${word}`)) ? 1 : 0
  }
  return commands
    .filter((command) => command.id !== 'palette' && isEnabled(command, state))
    .map((command) => ({ command, rank: rank(command) }))
    .filter((found) => found.rank >= 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ command }) => command)
}

/** Leads to what cannot be read yet, the whole text or a field's, where there is something: without it the save would not be what is seen. */
function askToSave(editor: Editor): void {
  const { unfinished } = editor.getState()
  const [unread] = unreadOf(editor.getState())
  if (unfinished !== null) {
    const wrong = readWorkflowText(unfinished)
    toast(`Nothing is saved: the text is no workflow yet${wrong instanceof JsonError ? `. Line ${wrong.line}: ${wrong.message}` : '.'}`, 'bad')
    return editor.setState({ view: 'json', script: null })
  }
  if (unread === undefined) return editor.setState({ dialog: 'save' })
  toast(`Nothing is saved: what is typed at ${unread.pointer} cannot be read. ${unread.message}`, 'bad')
  goToProblem(editor, unread)
}

/** Behind the one step that is selected, else on the edge that is, else anywhere. */
function whereNext(state: EditorState): Where {
  const ref = selectedRef(state)
  if (ref) {
    const outcome = ref.kind === 'trigger' ? 'start' : forward(configOf(documentOf(state), ref), state.catalog)
    if (outcome !== null) return { kind: 'after', from: ref, outcome, at: null }
  }
  const edge = edgesOf(state).find((each) => state.selection.includes(each.id))
  return edge ? { kind: 'edge', edge } : { kind: 'free', at: null }
}

/** Adds a step or trigger where the palette was asked to, selects it, and closes the palette. */
export function addAt(editor: Editor, kind: NodeRef['kind'], type: string, where: Where): void {
  const state = editor.getState()
  const document = documentOf(state)
  const hasPlaces = Object.keys(document.layout.steps).length + Object.keys(document.layout.triggers).length > 0
  const places = placesIn(state)
  const size = sizeOf({ outcomes: [] })
  const title = (kind === 'step' ? state.catalog.steps : state.catalog.triggers).get(type)?.title ?? type
  let added
  if (kind === 'step' && where.kind === 'edge') {
    const room = hasPlaces ? roomOn(where.edge, graphOf(document.workflow, state.catalog), places) : null
    added = insertOnEdge(room ? move(document, room.moved) : document, where.edge, type, state.catalog, room?.at)
  } else if (kind === 'step' && where.kind === 'after') {
    const from = places.get(keyOf(where.from))
    const beside = hasPlaces && from ? free({ x: from.x + apart, y: from.y }, size, places) : null
    added = addAfter(document, where.from, where.outcome, type, where.at ?? beside)
    if (where.at && !hasPlaces) added = { ...added, document: move(added.document, places) }
  } else {
    const wanted = where.kind === 'free' ? where.at : null
    const at = wanted ?? (hasPlaces ? free(editor.canvas.current?.middle() ?? { x: 0, y: 0 }, size, places) : null)
    added = add(document, kind, type, at)
    if (wanted && !hasPlaces && places.size > 0) added = { ...added, document: move(added.document, places) }
  }
  edit(editor, `Add ${title}`, () => added.document)
  editor.setState({ adding: null })
  goTo(editor, keyOf(added.ref))
}

/** Moves what is selected; everything else stays where it is seen. */
function place(editor: Editor, label: string, to: (boxes: ReadonlyMap<string, Point & Size>) => ReadonlyMap<string, Point>): void {
  const state = editor.getState()
  const { workflow, layout } = documentOf(state)
  const graph = graphOf(workflow, state.catalog)
  const places = placesOf(graph, layout)
  const chosen = new Set(nodes(state))
  const boxes = new Map<string, Point & Size>([
    ...graph.nodes.filter((node) => chosen.has(node.key)).map((node) => [node.key, { ...(places.get(node.key) ?? { x: 0, y: 0 }), ...sizeOf(node) }] as const),
    ...Object.entries(layout.notes).filter(([id]) => chosen.has(`note:${id}`)).map(([id, note]) => [`note:${id}`, note] as const),
  ])
  const moved = to(boxes)
  if (moved.size > 0) edit(editor, label, (document) => move(document, new Map([...places, ...moved])))
}

function addNote(editor: Editor): void {
  const state = editor.getState()
  const { notes } = documentOf(state).layout
  const middle = editor.canvas.current?.middle() ?? { x: 0, y: 0 }
  const size = { width: 240, height: 120 }
  const at = free({ x: middle.x - 120, y: middle.y - 60 }, size, new Map([...placesIn(state), ...Object.entries(notes)]))
  const id = newId('note', Object.keys(notes))
  edit(editor, 'Add a comment', (document) => setNote(document, id, { x: Math.round(at.x), y: Math.round(at.y), ...size, text: '' }))
  select(editor, [`note:${id}`])
}

function deleteSelection(editor: Editor): void {
  const state = editor.getState()
  const edges = edgesOf(state).filter((edge) => state.selection.includes(edge.id))
  const keys = nodes(state)
  const what = keys.length > 0 ? many(keys.length, 'thing') : many(edges.length, 'arrow')
  edit(editor, `Delete ${what}`, (document) => tidyStart(state.saved, remove(disconnect(document, edges), keys, state.catalog)))
  select(editor, [])
}

/** What is selected, as the text that {@link pasteText} takes. */
export function copied(editor: Editor): string {
  const state = editor.getState()
  return copy(documentOf(state), nodes(state), placesIn(state))
}

/** Only keys may paste everywhere; pages that came without TLS cannot even ask. */
function pasteByCommand(editor: Editor): void {
  const { clipboard } = navigator as Partial<Navigator>
  const byKey = () => toast('The browser lets only keys paste here: press Ctrl+V on the canvas.', 'bad')
  if (clipboard) clipboard.readText().then((text) => pasteText(editor, text), byKey)
  else byKey()
}

/** Adds steps that were copied here or elsewhere as JSON. */
export function pasteText(editor: Editor, text: string): void {
  const at = editor.canvas.current?.middle() ?? { x: 0, y: 0 }
  put(editor, text, { x: at.x - 116, y: at.y - 28 }, 'Paste')
}

function duplicate(editor: Editor): void {
  const state = editor.getState()
  const places = placesIn(state)
  const points = nodes(state).flatMap((key) => (key.startsWith('note:') ? (documentOf(state).layout.notes[key.slice(5)] ?? []) : (places.get(key) ?? [])))
  const at = { x: Math.min(...points.map((point) => point.x)) + 32, y: Math.min(...points.map((point) => point.y)) + 80 }
  put(editor, copy(documentOf(state), nodes(state), places), at, 'Duplicate')
}

function put(editor: Editor, text: string, at: { x: number; y: number }, label: string): void {
  try {
    const pasted = paste(documentOf(editor.getState()), parseJson(text).value, at)
    if (!pasted) throw new Error()
    edit(editor, label, () => move(pasted.document, new Map([...placesOf(graphOf(pasted.document.workflow, editor.getState().catalog), pasted.document.layout)])))
    select(editor, pasted.keys)
  } catch {
    toast('The clipboard holds no steps. Copy some on a canvas, or the JSON of a workflow.', 'bad')
  }
}

function toggleDisabled(editor: Editor): void {
  const state = editor.getState()
  const ids = steps(state)
  const on = ids.some((id) => configOf(documentOf(state), { kind: 'step', id })['disabled'] !== true)
  edit(editor, on ? `Pass over ${many(ids.length, 'step')}` : `Use ${many(ids.length, 'step')} again`, (document) => setDisabled(document, ids, on))
}

const isLoop = (state: EditorState, id: string): boolean => ['forEach', 'repeat'].includes(String(configOf(documentOf(state), { kind: 'step', id })['type']))

function toggleCollapsed(editor: Editor): void {
  const state = editor.getState()
  for (const id of steps(state).filter((each) => isLoop(state, each))) edit(editor, 'Collapse', (document) => setCollapsed(document, id, !document.layout.collapsed.includes(id)))
}

function walk(editor: Editor, end: 'from' | 'to'): void {
  const state = editor.getState()
  const ref = selectedRef(state)
  const edge = ref && edgesOf(state).find((each) => each[end === 'to' ? 'from' : 'to'] === keyOf(ref))
  if (edge) goTo(editor, edge[end])
}

/** Whether the one step that is selected runs JavaScript of its own. */
export function hasScript(state: EditorState): boolean {
  const ref = selectedRef(state)
  if (ref?.kind !== 'step') return false
  const config = configOf(documentOf(state), ref)
  return config['type'] === 'script' || config['code'] !== undefined || (config['type'] === 'window' && config['file'] !== undefined)
}

export function openScript(editor: Editor, key: string | null = null): void {
  const ref = selectedRef(editor.getState())
  const script = key ?? (ref && keyOf(ref))
  if (script !== null) editor.setState({ script })
}
