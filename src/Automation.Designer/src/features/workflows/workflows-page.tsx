import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus, Upload } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { me, useMay, useRefusal } from '@/api/me'
import { setEnabled, workflows, type WorkflowSummary } from '@/api/workflows'
import { draftsOf, type KeptDraft } from '@/parts/drafts'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Listed } from '@/ui/listed'
import { Page } from '@/ui/page'
import { Switch } from '@/ui/switch'
import { Table, type Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { importFiles } from './import'
import { NewWorkflow } from './new-workflow'
import { RunStrip, useLiveStrips } from './run-strip'
import styles from './workflows.module.css'

const address = (id: string) => `/workflows/${encodeURIComponent(id)}`

export function WorkflowsPage() {
  const [parameters, setParameters] = useSearchParams()
  const [making, setMaking] = useState(false)
  const search = parameters.get('q') ?? ''
  const list = useInfiniteQuery({ ...workflows, refetchInterval: 10_000 })
  useLiveStrips()
  const refusal = useRefusal('editor')
  const file = useRef<HTMLInputElement>(null)
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = list
  useEffect(() => {
    if (search !== '' && hasNextPage && !isFetchingNextPage) void fetchNextPage() // a search looks at all of them
  }, [search, hasNextPage, isFetchingNextPage, fetchNextPage])
  const ids = (data ?? []).map((workflow) => workflow.id)
  const found = data?.filter((workflow) => `${workflow.name} ${workflow.id} ${workflow.triggers.map((trigger) => trigger.type).join(' ')}`.toLowerCase().includes(search.toLowerCase()))
  const user = useQuery(me).data?.name ?? ''
  const drafts = refusal === undefined ? draftsOf(user) : [] // those that may be saved
  const taken = [...ids, ...drafts.map((draft) => draft.id)]
  const { isDropping, take } = useImport(user, taken, refusal)
  const choose = (input: HTMLInputElement) => {
    const files = [...(input.files ?? [])]
    input.value = '' // so that choosing the same file again is a change
    void take(files)
  }
  const alone = drafts.filter(({ id }, at) => !ids.includes(id) && drafts.findIndex((each) => each.id === id) === at)
  const actions = (
    <>
      <Button icon={<Upload aria-hidden />} reason={refusal} title="Or drop files anywhere on this page" onClick={() => file.current?.click()}>
        Import
      </Button>
      <Button kind="primary" icon={<Plus aria-hidden />} reason={refusal} onClick={() => setMaking(true)}>
        New workflow
      </Button>
      <input ref={file} type="file" accept=".json,.js,.ts" multiple hidden aria-label="Files of a workflow" onChange={(event) => choose(event.target)} />
    </>
  )
  return (
    <Page
      title="Workflows"
      hint="JSON files in the workflows folder; a change of a file is in force at once."
      actions={actions}
      tools={<TextField label="Search" type="search" value={search} onChange={(event) => setParameters(event.target.value ? { q: event.target.value } : {}, { replace: true })} />}
    >
      {alone.length > 0 && data ? <Table label="Drafts that are not saved" columns={draftColumns(!hasNextPage)} rows={alone} rowKey={({ id }) => id} to={({ id }) => address(id)} /> : null}
      <Listed
        label="Workflows"
        list={{ ...list, data: found }}
        columns={columnsOf(new Set(drafts.map(({ id }) => id)))}
        rowKey={(workflow) => workflow.id}
        to={(workflow) => address(workflow.id)}
        empty={search ? { title: 'No workflow has this in its name.' } : { title: 'There is no workflow yet.', children: refusal ? 'Who may edit can make one here.' : <Button kind="primary" onClick={() => setMaking(true)}>Make the first one</Button> }}
      />
      {making ? <NewWorkflow taken={taken} onClose={() => setMaking(false)} /> : null}
      {isDropping ? <div className={styles.dropping}>Drop workflow files, with their scripts if they have some</div> : null}
    </Page>
  )
}

/** Takes files that are dropped on the page, and opens the workflow among them as a draft; several are listed. */
function useImport(user: string, taken: readonly string[], refusal: string | undefined): { isDropping: boolean; take: (files: readonly File[]) => Promise<void> } {
  const navigate = useNavigate()
  const [isDropping, setDropping] = useState(false)
  const [, setImported] = useState(0) // the list of drafts is another then
  const take = async (files: readonly File[]) => {
    if (files.length === 0) return
    if (refusal !== undefined) return toast(refusal, 'bad')
    try {
      const [id = '', ...others] = await importFiles(user, files, taken)
      if (others.length === 0) return await navigate(`${address(id)}?new`)
      setImported(others.length + 1)
      toast(`${others.length + 1} workflows are drafts in this browser now. Open each, and save it.`)
    } catch (error) {
      toast((error as Error).message, 'bad')
    }
  }
  const latest = useRef(take)
  useEffect(() => {
    latest.current = take
  })
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      setDropping(true)
    }
    const leave = (event: DragEvent) => event.relatedTarget === null && setDropping(false)
    const drop = (event: DragEvent) => {
      setDropping(false)
      if (!event.dataTransfer || event.dataTransfer.files.length === 0) return
      event.preventDefault()
      void latest.current([...event.dataTransfer.files])
    }
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return { isDropping, take }
}

/** @param all Whether all workflows that there are were read. */
const draftColumns = (all: boolean): readonly Column<KeptDraft>[] => [
  { title: 'Not saved yet', cell: ({ id }) => <strong>{id}</strong> },
  { title: 'Status', width: '250px', cell: ({ base }) => <Badge tone="warn">{base !== null && all ? 'deleted elsewhere, draft in this browser' : 'draft in this browser'}</Badge> },
  { title: 'Changed', width: '110px', align: 'end', cell: ({ at }) => <Ago at={at} /> },
]

const columnsOf = (drafted: ReadonlySet<string>): readonly Column<WorkflowSummary>[] => [
  {
    title: 'Name',
    cell: (workflow) => (
      <>
        <strong>{workflow.name}</strong> {workflow.name === workflow.id ? null : <small>{workflow.id}</small>}
      </>
    ),
  },
  { title: 'Starts on', width: '16%', cell: (workflow) => workflow.triggers.map((trigger) => trigger.type).join(', ') || '–' },
  { title: 'Last runs', width: '290px', cell: (workflow) => <RunStrip workflow={workflow.id} /> },
  { title: 'Status', width: '150px', cell: (workflow) => <Status workflow={workflow} hasDraft={drafted.has(workflow.id)} /> },
  { title: 'On', width: '64px', cell: (workflow) => <Enabled workflow={workflow} /> },
]

function Status({ workflow, hasDraft }: { workflow: WorkflowSummary; hasDraft: boolean }) {
  if (workflow.problemCount > 0) return <Badge tone="bad">{workflow.problemCount === 1 ? '1 problem' : `${workflow.problemCount} problems`}</Badge>
  if (hasDraft) return <Badge tone="warn">draft</Badge>
  return workflow.enabled ? <Badge tone="good">active</Badge> : <Badge>off</Badge>
}

function Enabled({ workflow }: { workflow: WorkflowSummary }) {
  const allowed = useMay('operator')
  const queries = useQueryClient()
  const change = useMutation({ mutationFn: (on: boolean) => setEnabled(workflow.id, on), onSettled: () => queries.invalidateQueries({ queryKey: ['workflows'] }) })
  return <Switch label={`${workflow.name} is on`} checked={change.isPending ? change.variables : workflow.enabled} disabled={!allowed} onChange={(on) => change.mutate(on)} />
}
