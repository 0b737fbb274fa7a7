import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { deleteUser, putUser, users, type User } from '@/api/access'
import { me, roles, useMay, type Role } from '@/api/me'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, Select, TextField } from '@/ui/field'
import { Listed } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import { sentencesOf } from '@/ui/page'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { SettingsPage } from './settings-page'

const roleHelp: Readonly<Record<Role, string>> = {
  viewer: 'sees workflows, runs, deliveries and MQTT',
  operator: 'also runs, retries, cancels, replays and switches on and off',
  editor: 'also changes workflows, states and endpoints, and publishes',
  admin: 'also decides who may what, and sets secrets',
}

export const roleOptions = roles.map((role) => ({ value: role, label: `${role}: ${roleHelp[role]}` }))
export const roleOf = (value: string): Role => roles.find((role) => role === value) ?? 'viewer'

export function UsersPage() {
  const isAllowed = useMay('admin')
  const list = useInfiniteQuery({ ...users, enabled: isAllowed })
  const self = useQuery(me).data?.name
  const queries = useQueryClient()
  const [editing, setEditing] = useState<User | 'new' | null>(null)
  const remove = useMutation({ mutationFn: deleteUser, onSettled: () => queries.invalidateQueries({ queryKey: ['users'] }) })
  const ask = async (name: string) => {
    const yes = await confirmed({ title: `Delete ${name}?`, consequences: ['The sessions end at once.', 'What the user did stays in the audit log.'], action: 'Delete', danger: true })
    if (yes) remove.mutate(name)
  }
  const columns: readonly Column<User>[] = [
    { title: 'User', cell: (user) => <><strong>{user.name}</strong> {user.name === self ? <Badge>you</Badge> : null} {user.disabled ? <Badge tone="warn">kept out</Badge> : null}</> },
    { title: 'Role', width: '14%', cell: (user) => user.role },
    { title: 'Last signed in', width: '150px', align: 'end', cell: (user) => (user.signedInAt ? <Ago at={user.signedInAt} /> : 'never') },
    { title: 'Made', width: '120px', align: 'end', cell: (user) => <Ago at={user.createdAt} /> },
    { title: 'By', width: '16%', cell: (user) => user.createdBy ?? '–' },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (user) => (
        <Menu
          label={`Actions for ${user.name}`}
          items={[
            { label: 'Change', icon: <Pencil aria-hidden />, onChoose: () => setEditing(user) },
            { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onChoose: () => void ask(user.name) },
          ]}
        />
      ),
    },
  ]
  const add = (
    <Button kind="primary" icon={<Plus aria-hidden />} onClick={() => setEditing('new')}>
      Make a user
    </Button>
  )
  return (
    <SettingsPage title="Users" hint="People who sign in with a name and a password." needs="admin" actions={add}>
      <Listed label="Users" list={list} columns={columns} rowKey={(user) => user.name} empty={{ title: 'There are no users yet.', children: <><p>Who has the admin token may do everything. Give each person a name and a role instead.</p>{add}</> }} />
      {editing ? <UserForm user={editing === 'new' ? null : editing} onClose={() => setEditing(null)} /> : null}
    </SettingsPage>
  )
}

function UserForm({ user, onClose }: { user: User | null; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(user?.name ?? '')
  const [role, setRole] = useState<Role>(user?.role ?? 'viewer')
  const [password, setPassword] = useState('')
  const [disabled, setDisabled] = useState(user?.disabled ?? false)
  const save = useMutation({
    mutationFn: () => putUser(name, { role, disabled, ...(password ? { password } : {}) }),
    meta: { told: true },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['users'] })
      onClose()
    },
  })
  return (
    <FormDialog title={user ? user.name : 'Make a user'} action="Save" isPending={save.isPending} problems={save.error ? sentencesOf(save.error) : []} onSubmit={() => save.mutate()} onClose={onClose}>
      <Labelled label="Name">{(field) => <TextField id={field} label="anna" required value={name} disabled={user !== null} onChange={(event) => setName(event.target.value)} />}</Labelled>
      <Labelled label="Role">{(field) => <Select id={field} label="Role" value={role} options={roleOptions} onChoose={(value) => setRole(roleOf(value))} />}</Labelled>
      <Labelled label="Password" help={user ? 'Left empty, it stays. A new one ends all sessions of the user.' : '12 to 256 characters.'}>
        {(field) => <TextField id={field} label={user ? 'unchanged' : ''} type="password" autoComplete="new-password" required={user === null} minLength={12} value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Labelled>
      {user ? <Checkbox label="Keep the user out" checked={disabled} onChange={(event) => setDisabled(event.target.checked)} /> : null}
    </FormDialog>
  )
}
