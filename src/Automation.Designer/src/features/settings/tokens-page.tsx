import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { deleteToken, makeToken, tokens, type Token } from '@/api/access'
import { useMay, type Role } from '@/api/me'
import { Button, IconButton } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { confirmed } from '@/ui/confirm'
import { Dialog, FormDialog } from '@/ui/dialog'
import { Labelled, Select, TextField } from '@/ui/field'
import { Listed } from '@/ui/listed'
import { sentencesOf } from '@/ui/page'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { SettingsPage } from './settings-page'
import { roleOf, roleOptions } from './users-page'

const lifetimes = [
  { value: '30d', label: '30 days' },
  { value: '90d', label: '90 days' },
  { value: '365d', label: 'a year' },
  { value: '', label: 'for ever' },
]

export function TokensPage() {
  const isAllowed = useMay('admin')
  const list = useInfiniteQuery({ ...tokens, enabled: isAllowed })
  const queries = useQueryClient()
  const [isMaking, setMaking] = useState(false)
  const remove = useMutation({ mutationFn: deleteToken, onSettled: () => queries.invalidateQueries({ queryKey: ['tokens'] }) })
  const ask = async ({ id, name }: Token) => {
    const yes = await confirmed({ title: `End the token ${name}?`, consequences: ['Programs that use it are refused at once.', 'It cannot be taken back; make another instead.'], action: 'End it', danger: true })
    if (yes) remove.mutate(id)
  }
  const columns: readonly Column<Token>[] = [
    { title: 'Token', cell: (token) => <><strong>{token.name}</strong> <code>{token.id}…</code></> },
    { title: 'Role', width: '11%', cell: (token) => token.role },
    { title: 'Limited to', width: '18%', cell: (token) => token.names.join(', ') || 'nothing' },
    { title: 'Last used', width: '110px', align: 'end', cell: (token) => (token.usedAt ? <Ago at={token.usedAt} /> : 'never') },
    { title: 'Expires', width: '110px', align: 'end', cell: (token) => (token.expiresAt ? <Ago at={token.expiresAt} /> : 'never') },
    { title: 'Made by', width: '14%', cell: (token) => token.createdBy ?? '–' },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (token) => (
        <IconButton label={`End the token ${token.name}`} onClick={() => void ask(token)}>
          <Trash2 aria-hidden />
        </IconButton>
      ),
    },
  ]
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      Make a token
    </Button>
  )
  return (
    <SettingsPage title="Tokens" hint="Programs come in with a token: CI, scripts, other services." needs="admin" actions={add}>
      <Listed label="Tokens" list={list} columns={columns} rowKey={(token) => token.id} empty={{ title: 'There are no tokens yet.', children: add }} />
      {isMaking ? <TokenForm onClose={() => setMaking(false)} /> : null}
    </SettingsPage>
  )
}

function TokenForm({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('operator')
  const [names, setNames] = useState('')
  const [expiresIn, setExpiresIn] = useState('90d')
  const limits = names.split(/[\s,]+/).filter(Boolean)
  const make = useMutation({
    mutationFn: () => makeToken({ name, role, ...(limits.length > 0 ? { names: limits } : {}), ...(expiresIn ? { expiresIn } : {}) }),
    meta: { told: true },
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
  if (make.data)
    return (
      <Dialog firm title={`Token ${make.data.about.name}`} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>I have kept it</Button>}>
        <p>This is the only time it is shown. Keep it where your program reads it.</p>
        <CodeBlock plain text={make.data.token} />
      </Dialog>
    )
  return (
    <FormDialog title="Make a token" action="Make it" isPending={make.isPending} problems={make.error ? sentencesOf(make.error) : []} onSubmit={() => make.mutate()} onClose={onClose}>
      <Labelled label="What it is for" help="The audit log names it so.">{(field) => <TextField id={field} label="ci" required value={name} onChange={(event) => setName(event.target.value)} />}</Labelled>
      <Labelled label="Role">{(field) => <Select id={field} label="Role" value={role} options={roleOptions} onChoose={(value) => setRole(roleOf(value))} />}</Labelled>
      <Labelled label="Limited to" help="Names of workflows or secrets, as shop/*; empty for no limit.">{(field) => <TextField id={field} label="no limit" value={names} onChange={(event) => setNames(event.target.value)} />}</Labelled>
      <Labelled label="Expires after">{(field) => <Select id={field} label="Expires after" value={expiresIn} options={lifetimes} onChoose={setExpiresIn} />}</Labelled>
    </FormDialog>
  )
}
