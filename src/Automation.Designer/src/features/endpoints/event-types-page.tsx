import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus, Radio, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { deleteEventType, emit, eventTypes, putEventType, type EventType } from '@/api/endpoints'
import { useRefusal } from '@/api/me'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { FormDialog } from '@/ui/dialog'
import { Labelled, TextArea, TextField } from '@/ui/field'
import { parseJson } from '@/ui/json-text'
import { Loaded } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import { Empty, Page, sentencesOf } from '@/ui/page'
import { Table, type Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { endpointTabs } from './tabs'

/** Types of events that are described for people; others can be emitted too. */
export function EventTypesPage() {
  const query = useQuery(eventTypes)
  const queries = useQueryClient()
  const editor = useRefusal('editor')
  const operator = useRefusal('operator')
  const [editing, setEditing] = useState<EventType | 'new' | null>(null)
  const [emitting, setEmitting] = useState<EventType | null>(null)
  const remove = useMutation({ mutationFn: deleteEventType, onSettled: () => queries.invalidateQueries({ queryKey: ['eventTypes'] }) })
  const askRemove = async ({ name }: EventType) => {
    const yes = await confirmed({ title: `Forget what ${name} is?`, consequences: ['Only the description goes. Events of the type are emitted and delivered as before.'], action: 'Forget it', danger: true })
    if (yes) remove.mutate(name)
  }
  const columns: readonly Column<EventType>[] = [
    { title: 'Type', width: '24%', cell: (type) => <strong>{type.name}</strong> },
    { title: 'What it says', cell: (type) => type.description ?? '–' },
    { title: 'Example', width: '26%', cell: (type) => (type.example === null ? '–' : <code>{JSON.stringify(type.example)}</code>) },
    { title: 'Changed', width: '100px', align: 'end', cell: (type) => <Ago at={type.changedAt} /> },
    {
      title: '',
      width: '64px',
      align: 'end',
      cell: (type) => (
        <Menu
          label={`Actions for ${type.name}`}
          items={[
            { label: 'Emit one …', icon: <Radio aria-hidden />, reason: operator, onChoose: () => setEmitting(type) },
            { label: 'Change', icon: <Pencil aria-hidden />, reason: editor, onChoose: () => setEditing(type) },
            { label: 'Forget', icon: <Trash2 aria-hidden />, danger: true, reason: editor, onChoose: () => void askRemove(type) },
          ]}
        />
      ),
    },
  ]
  const add = (
    <Button icon={<Plus aria-hidden />} reason={editor} onClick={() => setEditing('new')}>
      Describe a type
    </Button>
  )
  return (
    <Page title="Event types" heading="Endpoints" tabs={<LinkTabs label="Views of endpoints" tabs={endpointTabs} />} hint="What the types of events say, for those who subscribe to them." actions={add}>
      <Loaded query={query}>{(types) => (types.length > 0 ? <Table label="Event types" columns={columns} rows={types} rowKey={(type) => type.name} /> : <Empty title="No type is described.">{add}</Empty>)}</Loaded>
      {editing ? <TypeForm type={editing === 'new' ? null : editing} onClose={() => setEditing(null)} /> : null}
      {emitting ? <EmitForm type={emitting} onClose={() => setEmitting(null)} /> : null}
    </Page>
  )
}

function TypeForm({ type, onClose }: { type: EventType | null; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(type?.name ?? '')
  const [description, setDescription] = useState(type?.description ?? '')
  const [example, setExample] = useState(type?.example == null ? '' : JSON.stringify(type.example, null, 2))
  const save = useMutation({
    mutationFn: () => putEventType(name, description, example.trim() ? parseJson(example) : null),
    meta: { told: true },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['eventTypes'] })
      onClose()
    },
  })
  return (
    <FormDialog title={type ? type.name : 'Describe a type'} action="Save" isPending={save.isPending} problems={save.error ? sentencesOf(save.error) : []} onSubmit={() => save.mutate()} onClose={onClose}>
      <Labelled label="Name">{(field) => <TextField id={field} label="order.created" required value={name} disabled={type !== null} onChange={(event) => setName(event.target.value)} />}</Labelled>
      <Labelled label="What it says">{(field) => <TextField id={field} label="A sentence" value={description} onChange={(event) => setDescription(event.target.value)} />}</Labelled>
      <Labelled label="Example" help="The data of such an event, in JSON.">{(field) => <TextArea id={field} rows={8} value={example} onChange={(event) => setExample(event.target.value)} />}</Labelled>
    </FormDialog>
  )
}

function EmitForm({ type, onClose }: { type: EventType; onClose: () => void }) {
  const [data, setData] = useState(JSON.stringify(type.example ?? {}, null, 2))
  const send = useMutation({
    mutationFn: async () => emit(type.name, parseJson(data)),
    meta: { told: true },
    onSuccess: () => {
      toast(`${type.name} was emitted.`)
      onClose()
    },
  })
  return (
    <FormDialog title={`Emit ${type.name}`} action="Emit" isPending={send.isPending} problems={send.error ? sentencesOf(send.error) : []} onSubmit={() => send.mutate()} onClose={onClose}>
      <p>Endpoints and workflows that listen for the type get it, as if a workflow had emitted it.</p>
      <Labelled label="Data">{(field) => <TextArea id={field} rows={10} value={data} onChange={(event) => setData(event.target.value)} />}</Labelled>
    </FormDialog>
  )
}
