import { beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '@/api/client'
import type { WorkflowFiles } from '@/api/workflow-files'
import { newDocument } from '@/document/document'
import { readFiles, type Files } from '@/document/files'
import { parseJson } from '@/document/json-text'
import { isObject } from '@/document/json'
import { testCatalog } from '@/document/test-catalog'
import { documentOfDraft } from './drafts'
import { changesOf, createEditor, documentOf, edit, isChanged, setOpened, undo, type Editor } from './store'
import { openedOf, replaceBy, save, watchFiles } from './sync'

/** A folder on a server, with its rules of who has seen what. */
const { folder, FilesConflict, SignedInAs } = vi.hoisted(() => {
  vi.stubGlobal('window', { location: { origin: 'http://localhost' } })
  class FilesConflict extends Error {
    constructor(readonly current: WorkflowFiles | null) {
      super('')
    }
  }
  class SignedInAs extends Error {
    constructor(readonly user: string) {
      super('')
    }
  }
  const folder = {
    caller: 'ann',
    files: {} as Record<string, string>,
    puts: 0,
    tell: (() => {}) as (id: string, base: string | null) => void,
    missed: () => {},
    read(id: string, more: readonly string[] = []): WorkflowFiles | null {
      const named = (text = '') => [...text.matchAll(/"file": "([^"]+)"/g)].map((match) => match[1] ?? '')
      const names = [`${id}.json`, ...named(folder.files[`${id}.json`]), ...more.flatMap((each) => (each.startsWith('{') ? named(each) : each))]
      const files = Object.fromEntries(Object.entries(folder.files).filter(([name]) => names.includes(name)))
      return Object.keys(files).length === 0 ? null : { id, base: JSON.stringify(Object.entries(files).sort()), files, hidden: {}, git: null }
    },
    put(id: string, base: string | null, texts: Readonly<Record<string, string | null>>) {
      folder.puts++
      const shown = folder.read(id)
      const all = folder.read(id, [...Object.keys(texts), texts[`${id}.json`] ?? ''])
      const unseen = Object.entries(texts).some(([name, text]) => all?.files[name] !== undefined && all.files[name] !== text && shown?.files[name] === undefined)
      if (base !== (all?.base ?? null) && (unseen || base !== (shown?.base ?? null))) throw new FilesConflict(all)
      folder.files = Object.fromEntries(Object.entries({ ...folder.files, ...texts }).filter((entry): entry is [string, string] => entry[1] !== null))
      const after = folder.read(id)
      return { base: after?.base ?? null, files: after?.files ?? {}, hidden: {}, commit: null, commitProblem: null, problems: [] }
    },
  }
  return { folder, FilesConflict, SignedInAs }
})

vi.mock('@/api/workflow-files', () => ({
  FilesConflict,
  SignedInAs,
  readWorkflowFiles: async (id: string) => {
    const files = folder.read(id)
    if (!files) throw new ApiError(404, 'Not found', '')
    return files
  },
  saveWorkflowFiles: async (id: string, base: string | null, texts: Record<string, string | null>, _message: string | null, user: string | null) => {
    if (user !== null && user !== folder.caller) throw new SignedInAs(folder.caller)
    return folder.put(id, base, texts)
  },
  watchWorkflows: (changed: typeof folder.tell, missed: typeof folder.missed) => {
    Object.assign(folder, { tell: changed, missed })
    return () => {}
  },
}))

const line = (step: object) => JSON.stringify({ triggers: { start: { type: 'manual' } }, steps: { s: step } }, null, 2)
const inline = line({ type: 'script', code: 'return 1' })
const shared = line({ type: 'script', file: 'shared.js' })

beforeEach(() => {
  folder.files = { 'line.json': inline, 'shared.js': 'export default () => 1\n' }
  folder.puts = 0
})

const opened = (id = 'line'): Editor => {
  const files = folder.read(id)
  const editor = createEditor(id, testCatalog(), files ? openedOf(files) : { files: {}, base: null, hidden: {}, beside: [], git: null }, files ? null : newDocument(id), null)
  watchFiles(editor)
  return editor
}

const workflowOf = (text: string) => {
  const { value } = parseJson(text)
  return isObject(value) ? value : {}
}
const becomes = (editor: Editor, text: string) => edit(editor, 'Text', (document) => ({ ...document, workflow: workflowOf(text) }))
const script = (editor: Editor, text: string) => edit(editor, 'Script', (document) => ({ ...document, scripts: { ...document.scripts, 'shared.js': text } }))
const choose = (editor: Editor, document: 'mine' | 'theirs') => {
  const { merging } = editor.getState()
  if (!merging) throw new Error('Nothing is asked.')
  setOpened(editor, merging.theirs)
  editor.setState({ merging: null })
  if (document === 'theirs') script(editor, merging.theirs.files['shared.js'] ?? '')
}
const reading = () => new Promise((resolve) => setTimeout(resolve))

test('a script that a save names for the first time is shown, and is no change', async () => {
  const editor = opened()
  becomes(editor, shared)
  expect(await save(editor, null)).not.toBeNull()
  expect(documentOf(editor.getState()).scripts).toEqual({ 'shared.js': 'export default () => 1\n' })
  expect(isChanged(editor.getState())).toBe(false)
  undo(editor)
  expect(changesOf(editor.getState())).toEqual({ 'line.json': `${inline}\n` }) // back to the text, and nothing is deleted
})

test('a script that the workflow names no more stays among the files, and is no change either', async () => {
  folder.files['line.json'] = shared
  const editor = opened()
  becomes(editor, inline)
  await save(editor, null)
  expect(isChanged(editor.getState())).toBe(false)
  folder.files['line.json'] = inline.replace('return 1', 'return 2')
  folder.tell('line', 'other')
  await reading()
  expect(documentOf(editor.getState()).scripts).toHaveProperty(['shared.js'])
  expect(isChanged(editor.getState())).toBe(false)
})

test('a file that a draft did not know is not one that it deletes', () => {
  const known: Files = { 'line.json': shared, 'shared.js': 'there' }
  const document = documentOfDraft('line', { files: { 'line.json': shared }, base: 'b', changed: { 'line.json': inline }, at: '' }, known)
  expect(document?.scripts).toEqual({ 'shared.js': 'there' })
  expect(documentOfDraft('line', { files: known, base: 'b', changed: { 'shared.js': null }, at: '' }, known)?.scripts).toEqual({})
})

test.each(['mine', 'theirs'] as const)('a script that only a refused save showed stays in view (%s), and is saved', async (side) => {
  const editor = opened()
  becomes(editor, shared)
  script(editor, 'mine')
  expect(await save(editor, null)).toBeNull()
  choose(editor, side)
  folder.missed() // as after each connection anew
  await reading()
  const text = side === 'mine' ? 'mine' : 'export default () => 1\n'
  expect(editor.getState().merging).toBeNull()
  expect(documentOf(editor.getState()).scripts).toEqual({ 'shared.js': text })
  expect(await save(editor, null)).not.toBeNull()
  expect(folder.files).toEqual({ 'line.json': expect.stringContaining('shared.js') as string, 'shared.js': text })
  expect(isChanged(editor.getState())).toBe(false)
})

test('a new workflow that names a script in the folder is not one that was deleted', async () => {
  const editor = opened('new')
  becomes(editor, shared)
  script(editor, 'mine')
  expect(await save(editor, null)).toBeNull()
  choose(editor, 'mine')
  folder.missed()
  await reading()
  expect(editor.getState()).toMatchObject({ gone: false, opened: { base: null } })
  expect(await save(editor, null)).not.toBeNull()
  expect(folder.files).toMatchObject({ 'shared.js': 'mine', 'new.json': expect.stringContaining('shared.js') as string })
})

test('files that vanish and come back unchanged are there again', async () => {
  const editor = opened()
  const before = folder.files
  const base = editor.getState().opened.base
  folder.files = {}
  folder.tell('line', null)
  await reading()
  expect(editor.getState().gone).toBe(true)
  folder.files = before
  folder.tell('line', base)
  await reading()
  expect(editor.getState().gone).toBe(false)
})

test('a save writes, also where nobody told that the files came back', async () => {
  const editor = opened()
  becomes(editor, inline.replace('return 1', 'return 2'))
  editor.setState({ gone: true })
  expect(await save(editor, null)).not.toBeNull()
  expect(folder.puts).toBe(2)
  expect(folder.files['line.json']).toContain('return 2')
  expect(editor.getState()).toMatchObject({ gone: false, opened: { base: folder.read('line')?.base } })

  editor.setState({ gone: true })
  expect(await save(editor, null)).toBeNull() // as it was: there is nothing to save
  expect(editor.getState().gone).toBe(false)
})

test('two new workflows of one id are not merged', async () => {
  const editor = opened('new')
  edit(editor, 'Add', (document) => ({ ...document, workflow: workflowOf(line({ type: 'log', message: 'mine' })) }))
  folder.files['new.json'] = line({ type: 'log', message: 'theirs' }).replace('"s"', '"t"')
  const mine = documentOf(editor.getState())
  expect(await save(editor, null)).toBeNull()
  expect(editor.getState()).toMatchObject({ merging: null, occupied: { id: 'new' }, opened: { base: null, files: {} } })
  expect(documentOf(editor.getState())).toBe(mine)
  editor.setState({ occupied: null })
  expect(await save(editor, null)).toBeNull()
  expect(folder.files['new.json']).toContain('theirs')

  replaceBy(editor, editor.getState().occupied as WorkflowFiles)
  expect(isChanged(editor.getState())).toBe(false)
  expect(changesOf(editor.getState())).toEqual({})
})

test('a new workflow whose save was not answered is not somebody else\'s', async () => {
  const editor = opened('new')
  Object.assign(folder.files, changesOf(editor.getState()))
  folder.tell('new', 'some')
  await reading()
  expect(editor.getState()).toMatchObject({ occupied: null, opened: { base: folder.read('new')?.base } })
  expect(isChanged(editor.getState())).toBe(false)
})

test('undo leaves all of what was imported', () => {
  const document = readFiles('new', { 'new.json': shared, 'shared.js': 'imported' })
  const editor = createEditor('new', testCatalog(), { files: {}, base: null, hidden: {}, beside: [], git: null }, document, null)
  becomes(editor, inline)
  undo(editor)
  undo(editor)
  expect(documentOf(editor.getState())).toBe(document)
  expect(isChanged(editor.getState())).toBe(true)
})

test('nothing is saved for who signed in meanwhile', async () => {
  const editor = opened()
  editor.setState({ user: 'bob' })
  becomes(editor, inline.replace('return 1', 'return 2'))
  expect(await save(editor, null)).toBeNull()
  expect(editor.getState()).toMatchObject({ stranger: 'ann', dialog: null })
  expect(folder.puts).toBe(0)
})
