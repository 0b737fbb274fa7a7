import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link, useLocation, useParams } from 'react-router'
import { catalog as catalogQuery } from '@/api/catalog'
import { ApiError } from '@/api/client'
import { me, useRefusal } from '@/api/me'
import { readWorkflowFiles, type WorkflowFiles } from '@/api/workflow-files'
import type { Catalog } from '@/document/catalog'
import { newDocument } from '@/document/document'
import { fileOf } from '@/document/files'
import { JsonError } from '@/document/json-text'
import { Empty, Loading, Page, Problem, sentencesOf } from '@/ui/page'
import { draftsOf, heldElsewhere, type KeptDraft } from '@/parts/drafts'
import { listenToClipboard } from './clipboard-events'
import { documentOfDraft, keepDrafts, markTaken } from './drafts'
import { watchCaller } from './caller'
import { Workspace } from './workspace'
import { listenToKeys } from './keys'
import { useOthers } from './presence'
import { useCheck } from './problems'
import { SampleContext, useSample } from './sample'
import { createEditor, EditorContext, useEditorState, type Editor, type Opened } from './store'
import { openedOf, takeIn, watchFiles } from './sync'

/** A workflow to be edited: `/workflows/<id>`. */
export function EditorPage() {
  const { id = '' } = useParams()
  const isNew = new URLSearchParams(useLocation().search).has('new')
  const catalog = useQuery(catalogQuery)
  const files = useQuery({ queryKey: ['workflowFiles', id], gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false, queryFn: ({ signal }) => readWorkflowFiles(id, signal), retry: false })
  const caller = useQuery(me).data
  const held = useQuery({ queryKey: ['draftsHeldElsewhere', caller?.name, id], enabled: caller !== undefined, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false, queryFn: () => heldElsewhere(caller?.name ?? '', id) }).data
  const refusal = useRefusal('editor')
  const noRuns = useRefusal('operator')
  const missing = files.error instanceof ApiError && files.error.status === 404
  const draft = isNew || (missing && caller !== undefined && refusal === undefined && draftsOf(caller.name, id).length > 0)
  const unreadable = files.data?.hidden[fileOf(id)]
  if (unreadable !== undefined) return <Unreadable id={id} reason={unreadable} />
  if (caller && catalog.data && held && (files.data || (missing && draft))) return <Opening key={`${id} ${files.dataUpdatedAt}`} id={id} catalog={catalog.data} files={files.data ?? null} user={caller.name} held={held} readOnly={refusal ?? null} noRuns={noRuns ?? null} />
  const error = catalog.error ?? files.error
  return (
    <Page title={id} up={{ to: '/workflows', label: 'Workflows' }}>
      {missing && !draft ? (
        <Empty title={`There is no workflow ${id}.`}>
          <Link to="/workflows">Go to the workflows</Link>
        </Empty>
      ) : error ? (
        <Problem sentences={sentencesOf(error)} onRetry={() => void Promise.all([catalog.refetch(), files.refetch()])} />
      ) : (
        <Loading />
      )}
    </Page>
  )
}

interface OpeningProps {
  id: string
  catalog: Catalog
  /** Null for a workflow that is not on the server yet. */
  files: WorkflowFiles | null
  /** Whose drafts count. */
  user: string
  /** Drafts that other windows edit just now. */
  held: ReadonlySet<string>
  readOnly: string | null
  noRuns: string | null
}

function Opening(props: OpeningProps) {
  const { id, user, noRuns } = props
  const [opened] = useState(() => {
    const editor = open(props)
    if (!(editor instanceof JsonError)) editor.setState({ noRuns, user })
    return editor
  })
  return opened instanceof JsonError ? <Unreadable id={id} reason={`${fileOf(id)} is not JSON: line ${opened.line}, column ${opened.column}: ${opened.message}`} /> : <Running editor={opened} user={user} />
}

function Unreadable({ id, reason }: { id: string; reason: string }) {
  return (
    <Page title={id} up={{ to: '/workflows', label: 'Workflows' }}>
      <Problem sentences={[reason, 'Mend the file in the workflows folder; then it can be edited here.']} />
    </Page>
  )
}

/** An editor of the files, with what a draft in this browser has of them. */
function open({ id, catalog, files, user, held, readOnly }: OpeningProps): Editor | JsonError {
  const opened: Opened = files ? openedOf(files) : { files: {}, base: null, hidden: {}, beside: [], git: null }
  const drafts = readOnly === null ? draftsOf(user, id) : []
  const found = drafts.filter(({ key }) => !held.has(key)).map((draft) => ({ draft, document: documentOfDraft(id, draft, draft.base === opened.base ? opened.files : {}) })).find(({ document }) => document !== null)
  try {
    if (!found) {
      const editor = createEditor(id, catalog, opened, files ? null : newDocument(id), readOnly)
      editor.setState({ drafts })
      return editor
    }
    // As it was when its window was closed; then as if the files were changed now.
    const { draft, document } = found
    const begun = files && draft.base === files.base ? opened : { ...opened, files: draft.files, base: draft.base, beside: draft.beside ?? [] }
    const editor = createEditor(id, catalog, begun, document, readOnly)
    const isWithin = ({ key, at }: KeptDraft) => draft.holds?.some((each) => each.key === key && each.at === at) ?? false
    editor.setState({ drafts, gone: !files && draft.base !== null })
    markTaken(editor, draft, ...drafts.filter(isWithin))
    if (draft.unfinished !== undefined) editor.setState({ unfinished: draft.unfinished, view: 'json' })
    else if (files) takeIn(editor, files) // a text that is no JSON waits for that until it is
    return editor
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return error
  }
}

function Running({ editor, user }: { editor: Editor; user: string }) {
  useFresh(editor)
  useEffect(() => keepDrafts(editor, user), [editor, user])
  useEffect(() => listenToKeys(editor), [editor])
  useEffect(() => listenToClipboard(editor), [editor])
  useEffect(() => watchFiles(editor), [editor])
  useEffect(() => watchCaller(editor), [editor])
  useCheck(editor)
  return (
    <EditorContext value={editor}>
      <WithSample />
    </EditorContext>
  )
}

/** What the server says of a workflow is read anew when its files are others: its times, its version, ids that fields offer. */
function useFresh(editor: Editor): void {
  const queries = useQueryClient()
  useEffect(
    () =>
      editor.subscribe((state, before) => {
        if (state.opened.base === before.opened.base) return
        for (const queryKey of [['workflow', state.id], ['workflowSchedules', state.id], ['workflows'], ['schedules'], ['ids']]) void queries.invalidateQueries({ queryKey })
      }),
    [editor, queries],
  )
}

function WithSample() {
  const { id = '' } = useParams()
  const others = useOthers(id, useEditorState((state) => state.readOnly === null))
  const sample = useSample()
  return (
    <SampleContext value={sample}>
      <Workspace others={others} />
    </SampleContext>
  )
}
