import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { deleteSecret, putSecret, secrets, type Secret } from '@/api/access'
import { useMay, useRefusal } from '@/api/me'
import { endpointTo, workflowTo } from '@/parts/addresses'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { FormDialog } from '@/ui/dialog'
import { Labelled, TextField } from '@/ui/field'
import { Listed } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import { sentencesOf } from '@/ui/page'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { SettingsPage } from './settings-page'

const sources: Readonly<Record<string, string>> = { file: 'a file', store: 'the database', environment: 'the environment' }

export function SecretsPage() {
  const isAllowed = useMay('editor')
  const admin = useRefusal('admin')
  const list = useInfiniteQuery({ ...secrets, enabled: isAllowed })
  const queries = useQueryClient()
  const [setting, setSetting] = useState<string | null>(null)
  const remove = useMutation({ mutationFn: deleteSecret, onSettled: () => queries.invalidateQueries({ queryKey: ['secrets'] }) })
  const ask = async (secret: Secret) => {
    const yes = await confirmed({
      title: `Delete ${secret.name}?`,
      consequences: [secret.usedBy.length > 0 ? `${secret.usedBy.map(({ id }) => id).join(', ')} cannot use it any more, and fails where it is needed.` : 'Nothing uses it.', 'Its value is gone for good.'],
      action: 'Delete',
      danger: true,
    })
    if (yes) remove.mutate(secret.name)
  }
  const columns: readonly Column<Secret>[] = [
    { title: 'Secret', width: '24%', cell: (secret) => <strong>{secret.name}</strong> },
    { title: 'Kept in', width: '150px', cell: (secret) => <Source secret={secret} /> },
    { title: 'Used by', cell: (secret) => <Uses secret={secret} /> },
    { title: 'Changed', width: '104px', align: 'end', cell: (secret) => <Ago at={secret.changedAt} /> },
    { title: 'By', width: '14%', cell: (secret) => secret.changedBy ?? '–' },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (secret) => (
        <Menu
          label={`Actions for ${secret.name}`}
          items={[
            { label: 'Set another value', icon: <KeyRound aria-hidden />, reason: admin, onChoose: () => setSetting(secret.name) },
            { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, reason: admin ?? (secret.source === 'store' || secret.hidden.includes('store') ? undefined : 'It is not in the database.'), onChoose: () => void ask(secret) },
          ]}
        />
      ),
    },
  ]
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} reason={admin} onClick={() => setSetting('')}>
      Set a secret
    </Button>
  )
  return (
    <SettingsPage title="Secrets" hint="Values that are put in at the last moment, and never shown again: not here, not in runs, not in logs." needs="editor" actions={add}>
      <Listed label="Secrets" list={list} columns={columns} rowKey={(secret) => secret.name} empty={{ title: 'There are no secrets yet.', children: <><p>A workflow names one as {'${secret.NAME}'}; its value is set here.</p>{add}</> }} />
      {setting === null ? null : <SecretForm name={setting} onClose={() => setSetting(null)} />}
    </SettingsPage>
  )
}

function Source({ secret }: { secret: Secret }) {
  if (secret.source === null) return <Badge tone="bad">missing</Badge>
  if (secret.problem) return <Badge tone="bad">cannot be read</Badge>
  return <>{sources[secret.source] ?? secret.source}</>
}

function Uses({ secret }: { secret: Secret }) {
  if (secret.problem && secret.source !== null) return <span title={secret.problem}>{secret.problem}</span>
  if (secret.usedBy.length === 0) return <>–</>
  return (
    <>
      {secret.usedBy.map((use, place) => (
        <span key={`${use.kind} ${use.id}`}>
          {place > 0 ? ', ' : ''}
          {use.kind === 'workflow' ? <Link to={workflowTo(use.id)}>{use.id}</Link> : use.kind === 'endpoint' ? <Link to={endpointTo(use.id)}>{use.id}</Link> : `${use.kind} ${use.id}`}
        </span>
      ))}
    </>
  )
}

function SecretForm({ name: known, onClose }: { name: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(known)
  const [value, setValue] = useState('')
  const save = useMutation({
    mutationFn: () => putSecret(name, value),
    meta: { told: true },
    gcTime: 0,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['secrets'] })
      toast(`${name} is set.`)
      onClose()
    },
  })
  return (
    <FormDialog title={known ? `Another value for ${known}` : 'Set a secret'} action="Set it" isPending={save.isPending} problems={save.error ? sentencesOf(save.error) : []} onSubmit={() => save.mutate()} onClose={onClose}>
      <Labelled label="Name" help="Capital letters, digits and _; a workflow names it as ${secret.NAME}.">{(field) => <TextField id={field} label="SLACK_URL" required value={name} disabled={known !== ''} onChange={(event) => setName(event.target.value)} />}</Labelled>
      <Labelled label="Value" help="It is sealed in the database and cannot be read again.">{(field) => <TextField id={field} label="" type="password" autoComplete="off" required value={value} onChange={(event) => setValue(event.target.value)} />}</Labelled>
    </FormDialog>
  )
}
