import type { WorkflowDocument } from '@/document/document'
import { readFiles, type Files } from '@/document/files'
import { JsonError } from '@/document/json-text'
import { merge } from '@/document/merge'
import { underId } from '@/document/under-id'
import { forgetDraft, forgetKept, holdDraft, isOwn, writeDraft, type Draft, type KeptDraft, type UnfinishedFields } from '@/parts/drafts'
import { toast } from '@/ui/toast'
import { changesOf, documentOf, edit, isChanged, lockOf, type Editor, type EditorState } from './store'
import { stillOver } from './unfinished-fields'

/**
 * The document that a draft is about; null where its text is not JSON.
 * @param known Files that are there, too: one that the draft did not know is not one that it deletes.
 */
export function documentOfDraft(id: string, { files, changed }: Draft, known: Files = {}): WorkflowDocument | null {
  const present = Object.entries({ ...known, ...files, ...changed }).filter((entry): entry is [string, string] => entry[1] !== null)
  try {
    return readFiles(id, Object.fromEntries(present))
  } catch (error) {
    if (error instanceof JsonError) return null
    throw error
  }
}

/**
 * Keeps a new workflow as a draft under another id. Its scripts get names of their own, as one in the folder may have theirs.
 * @throws Error The browser's store is full.
 */
export function keepUnder(user: string, id: string, state: EditorState): void {
  const folder = state.id.slice(0, state.id.lastIndexOf('/') + 1)
  const files = Object.fromEntries(Object.entries(changesOf(state)).flatMap(([name, text]) => (text === null ? [] : [[name.slice(folder.length), text]])))
  const kept = writeDraft(user, id, { files: {}, base: null, changed: underId(files, state.id.slice(folder.length), id), fields: state.fields, at: new Date().toISOString() })
  if (!kept) throw new Error(`This browser has no room for a draft of ${id}. Save or drop other drafts first.`)
}

/** Brings another window's draft into what is edited here, and asks where both changed the same. */
export function takeDraft(editor: Editor, draft: KeptDraft): void {
  const state = editor.getState()
  const locked = lockOf(state)
  if (locked !== null) return toast(locked, 'bad')
  const theirs = documentOfDraft(state.id, draft)
  if (theirs === null) return toast('This draft is not JSON; it cannot be merged.', 'bad')
  const { document, conflicts } = merge(readFiles(state.id, draft.files), documentOf(state), theirs)
  if (conflicts.length > 0) return editor.setState({ merging: { theirs: state.opened, merged: document, conflicts, draft }, dialog: null })
  edit(editor, 'Merge a draft', () => document)
  markTaken(editor, draft)
}

/** Drafts that are part of what is edited here now. */
export function markTaken(editor: Editor, ...taken: readonly KeptDraft[]): void {
  editor.setState((state) => ({
    fields: stillOver(Object.assign({}, ...taken.map(({ fields }) => fields), state.fields) as UnfinishedFields, documentOf(state).workflow),
    drafts: state.drafts.filter((each) => !taken.includes(each)),
    taken: [...state.taken, ...taken.map((draft) => ({ draft, edits: state.history.past.length }))],
  }))
}

/** Drafts that were undone are not part of it any more: they are offered again. */
function giveBack(editor: Editor): void {
  const { taken, drafts, history } = editor.getState()
  const undone = taken.filter(({ edits }) => edits > history.past.length)
  if (undone.length === 0) return
  editor.setState({ taken: taken.filter((each) => !undone.includes(each)), drafts: [...drafts, ...undone.map(({ draft }) => draft).filter((draft) => !isOwn(draft))] })
}

export function dropDraft(editor: Editor, draft: KeptDraft): void {
  forgetKept(draft)
  editor.setState(({ drafts }) => ({ drafts: drafts.filter((each) => each !== draft) }))
}

const pause = 400

/** Keeps a draft of what is edited until the function it returns is called. Where it cannot be kept, the browser asks before the page is left, also for the sign-in page. */
export function keepDrafts(editor: Editor, user: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let kept: EditorState | null = editor.getState() // as it was opened, from its files or a draft
  if (!kept.readOnly && !isChanged(kept)) for (const { draft } of kept.taken) forgetKept(draft) // they are in the files by now
  /** @returns Whether all that is edited is kept: false when the browser's store is full. */
  const keep = (state: EditorState): boolean => {
    if (state.readOnly || (kept !== null && isSame(state, kept))) return true
    const { files, base, beside } = state.opened
    const draft = { files, base, beside, changed: changesOf(state), ...(state.unfinished === null ? {} : { unfinished: state.unfinished }), fields: state.fields, holds: state.taken.map(({ draft: { key, at } }) => ({ key, at })), at: new Date().toISOString() }
    if (!isChanged(state)) forgetDraft(user, state.id)
    else if (!writeDraft(user, state.id, draft)) return false
    kept = state
    return true
  }
  const now = () => {
    clearTimeout(timer)
    timer = undefined
    return keep(editor.getState())
  }
  const leave = (event: BeforeUnloadEvent) => {
    if (!now()) event.preventDefault()
  }
  const release = holdDraft(user, editor.getState().id, () => {
    kept = null // and not written again unless it is edited here
    if (isChanged(editor.getState())) now()
  })
  const stop = editor.subscribe((state, before) => {
    if (state.history !== before.history) giveBack(editor)
    if (!isSame(state, before)) timer ??= setTimeout(now, pause)
  })
  window.addEventListener('pagehide', now)
  window.addEventListener('beforeunload', leave)
  return () => {
    stop()
    release()
    window.removeEventListener('pagehide', now)
    window.removeEventListener('beforeunload', leave)
    if (timer !== undefined) now()
  }
}

const isSame = (state: EditorState, other: EditorState): boolean => state.history.present === other.history.present && state.opened === other.opened && state.unfinished === other.unfinished && state.fields === other.fields && state.taken === other.taken
