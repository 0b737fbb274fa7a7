import { ApiError } from '@/api/client'
import { FilesConflict, SignedInAs, readWorkflowFiles, saveWorkflowFiles, watchWorkflows, type SavedFiles, type WorkflowFiles } from '@/api/workflow-files'
import { fileOf, readFiles } from '@/document/files'
import { historyOf, remade } from '@/document/history'
import { same } from '@/document/json'
import { merge } from '@/document/merge'
import { forgetKept } from '@/parts/drafts'
import { toast } from '@/ui/toast'
import { changesOf, documentOf, isChanged, setOpened, type Editor, type EditorState, type Opened } from './store'

/** @param before What was open: files of it that no read gives stay. @param refused Whether these came with a refused save, which tells of files that no read gives. */
export function openedOf({ id, files, base, hidden, git }: WorkflowFiles, before?: Opened, refused = false): Opened {
  const told = refused ? Object.keys(files).filter((name) => name !== fileOf(id) && !Object.hasOwn(before?.files ?? {}, name)) : []
  const beside = [...(before?.beside ?? []).filter((name) => refused || !Object.hasOwn(files, name)), ...told].filter((name) => !Object.hasOwn(hidden, name))
  const all = { ...Object.fromEntries(beside.map((name) => [name, before?.files[name] ?? ''])), ...files }
  return { files: all, base: Object.hasOwn(files, fileOf(id)) || !refused ? base : null, hidden, beside, git }
}

/**
 * Takes in files as they are now: at once where nothing is edited here, merged where it is, and by asking where both changed the same.
 * @param refused Whether they came with a refused save.
 * @returns Whether they were others than those that are open.
 * @throws ApiError The workflow file cannot be shown any more.
 */
export function takeIn(editor: Editor, present: WorkflowFiles, refused = false): boolean {
  if (editor.getState().gone) editor.setState({ gone: false })
  const state = editor.getState()
  if (present.base === state.opened.base) return false
  const unreadable = present.hidden[fileOf(state.id)]
  if (unreadable !== undefined) throw new ApiError(409, 'The workflow file cannot be read', unreadable)
  const theirs = openedOf(present, state.opened, refused)
  if (same(theirs.files, state.opened.files) && same(theirs.hidden, state.opened.hidden)) {
    editor.setState({ opened: theirs })
    return false
  }
  if (state.opened.base === null && theirs.base !== null && !isWritten(state, present)) {
    editor.setState({ occupied: present, dialog: null })
    return true
  }
  if (bring(editor, theirs)) toast(isChanged(state) ? 'The files were changed elsewhere; those changes and yours are merged.' : 'The files were changed elsewhere; this is how they are now.')
  return true
}

/** Whether files are as they would be written: those of a save whose answer did not come. */
const isWritten = (state: EditorState, { files }: WorkflowFiles): boolean => Object.entries(changesOf(state)).every(([name, text]) => (files[name] ?? null) === text)

/** Shows files in place of what is edited here, which can be undone no more. */
export function replaceBy(editor: Editor, present: WorkflowFiles): void {
  setOpened(editor, openedOf(present))
  editor.setState(({ saved }) => ({ history: historyOf(saved), occupied: null, selection: [], script: null }))
}

/** Merges other files into what is edited here. @returns False where it asks about them. */
function bring(editor: Editor, theirs: Opened): boolean {
  const state = editor.getState()
  const { document, conflicts } = merge(state.saved, documentOf(state), readFiles(state.id, theirs.files))
  if (conflicts.length > 0) {
    editor.setState({ merging: { theirs, merged: document, conflicts }, dialog: null })
    return false
  }
  setOpened(editor, theirs)
  // Their changes belong to what undo goes back to as well: else it would take them back, and the next save with it.
  editor.setState(({ history, saved }) => {
    const all = remade(history, (each) => (each === state.saved ? saved : merge(state.saved, each, saved).document))
    return { history: isChanged(state) ? all : { ...all, present: saved } }
  })
  return true
}

/** Reads the files again when the server says that they are others than those that are open, until the function it returns is called. */
export function watchFiles(editor: Editor): () => void {
  const { id } = editor.getState()
  let reading = false
  let due = false
  const look = async () => {
    due = true
    while (due && !reading && canTakeIn(editor.getState())) {
      due = false
      reading = true
      try {
        const present = await readWorkflowFiles(id)
        const state = editor.getState()
        if (!canTakeIn(state)) due = true
        else if (present.base !== state.putOff) takeIn(editor, present)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404 && editor.getState().opened.base !== null) editor.setState({ gone: true })
        // Else the next change, or the save, says it again.
      } finally {
        reading = false
      }
    }
  }
  const stopWaiting = editor.subscribe(() => {
    if (due) void look()
  })
  const isNews = (base: string | null) => editor.getState().gone || base !== editor.getState().opened.base
  const stopListening = watchWorkflows((changed, base) => changed === id && isNews(base) && void look(), () => void look())
  return () => {
    stopWaiting()
    stopListening()
  }
}

/**
 * Whether files from elsewhere can be taken in now; else they wait. A text that is no JSON yet cannot be merged, and while a save is under way
 * the server tells of what it writes itself.
 */
const canTakeIn = ({ merging, occupied, unfinished, saving }: EditorState): boolean => merging === null && occupied === null && unfinished === null && !saving

/** Writes what changed. @returns null when somebody else wrote first: then the changes are merged, or asked about. @throws ApiError */
export async function save(editor: Editor, message: string | null): Promise<SavedFiles | null> {
  editor.setState({ saving: true })
  try {
    return await write(editor, message, null)
  } finally {
    editor.setState({ saving: false })
  }
}

/** @param shown The base of files that a refused save showed, and that are as the author knows them: it may be made once more. */
async function write(editor: Editor, message: string | null, shown: string | null): Promise<SavedFiles | null> {
  const state = editor.getState()
  const changes = changesOf(state)
  try {
    const saved = await saveWorkflowFiles(state.id, shown ?? (state.gone ? null : state.opened.base), changes, message, state.user)
    takeSaved(editor, state, changes, saved)
    return saved
  } catch (error) {
    if (error instanceof SignedInAs) {
      editor.setState({ stranger: error.user, dialog: null })
      return null
    }
    if (!(error instanceof FilesConflict)) throw error
    if (error.current === null) editor.setState({ gone: true })
    else if (!takeIn(editor, error.current, true)) {
      if (shown !== null) throw new ApiError(409, 'Changed again', 'The files were changed again meanwhile; nothing is written. Save once more.')
      if (isChanged(editor.getState())) return write(editor, message, error.current.base)
      toast('The files are there again, as they were; there is nothing to save.')
    }
    return null
  }
}

/** Files after a save are what the author knows, and what the workflow names since: that is shown too, else the next save would write over what nobody saw. */
function takeSaved(editor: Editor, before: EditorState, changes: Readonly<Record<string, string | null>>, saved: SavedFiles): void {
  const written = Object.fromEntries(Object.entries({ ...(before.gone ? {} : before.opened.files), ...changes }).filter((entry): entry is [string, string] => entry[1] !== null))
  const { base, hidden } = saved
  const beside = Object.keys(written).filter((name) => !Object.hasOwn(saved.files, name) && !Object.hasOwn(hidden, name))
  const opened: Opened = { ...before.opened, files: written, base, hidden, beside }
  editor.setState(({ taken }) => ({ opened, gone: false, saved: documentOf(before), taken: taken.filter((each) => !before.taken.includes(each)) }))
  for (const { draft } of before.taken) forgetKept(draft)
  const files = { ...written, ...saved.files }
  if (!same(files, written)) bring(editor, { ...opened, files })
}
