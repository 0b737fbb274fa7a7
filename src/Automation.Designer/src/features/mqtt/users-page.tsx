import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useRefusal } from '@/api/me'
import { deleteMqttUser, mqttUsers, putMqttUser, type MqttUser } from '@/api/mqtt'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, TextArea, TextField } from '@/ui/field'
import { Listed } from '@/ui/listed'
import { Menu } from '@/ui/menu'
import { Empty, Page, sentencesOf } from '@/ui/page'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { mqttTabs } from './tabs'

export function MqttUsersPage() {
  const refusal = useRefusal('admin')
  const list = useInfiniteQuery({ ...mqttUsers, enabled: refusal === undefined })
  const queries = useQueryClient()
  const [editing, setEditing] = useState<MqttUser | 'new' | null>(null)
  const remove = useMutation({ mutationFn: deleteMqttUser, onSettled: () => queries.invalidateQueries({ queryKey: ['mqttUsers'] }) })
  const ask = async (name: string) => {
    const yes = await confirmed({ title: `Delete the MQTT user ${name}?`, consequences: ['Its clients are disconnected and cannot come back.'], action: 'Delete', danger: true })
    if (yes) remove.mutate(name)
  }
  const columns: readonly Column<MqttUser>[] = [
    { title: 'User', width: '18%', cell: (user) => <><strong>{user.name}</strong> {user.disabled ? <Badge tone="warn">kept out</Badge> : null}</> },
    { title: 'May publish to', cell: (user) => user.publish.join(', ') || '–' },
    { title: 'May subscribe to', cell: (user) => user.subscribe.join(', ') || '–' },
    { title: 'Changed', width: '100px', align: 'end', cell: (user) => <Ago at={user.changedAt} /> },
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
    <Button kind="primary" icon={<Plus aria-hidden />} reason={refusal} onClick={() => setEditing('new')}>
      Make a user
    </Button>
  )
  return (
    <Page title="MQTT users" heading="MQTT" hint="Devices sign in at the broker with a name and a password. Users of the password file are not listed." actions={add} tabs={<LinkTabs label="Parts of MQTT" tabs={mqttTabs} />}>
      {refusal ? (
        <Empty title="Only admins see who may sign in at the broker.">{refusal}</Empty>
      ) : (
        <Listed label="MQTT users" list={list} columns={columns} rowKey={(user) => user.name} empty={{ title: 'No device has a name yet.', children: <><p>With the first user, clients without a password are refused.</p>{add}</> }} />
      )}
      {editing ? <UserForm user={editing === 'new' ? null : editing} onClose={() => setEditing(null)} /> : null}
    </Page>
  )
}

const linesOf = (text: string) => text.split('\n').map((line) => line.trim()).filter(Boolean)

function UserForm({ user, onClose }: { user: MqttUser | null; onClose: () => void }) {
  const queries = useQueryClient()
  const [name, setName] = useState(user?.name ?? '')
  const [password, setPassword] = useState('')
  const [publish, setPublish] = useState((user?.publish ?? []).join('\n'))
  const [subscribe, setSubscribe] = useState((user?.subscribe ?? []).join('\n'))
  const [disabled, setDisabled] = useState(user?.disabled ?? false)
  const save = useMutation({
    mutationFn: () => putMqttUser(name, { ...(password ? { password } : {}), publish: linesOf(publish), subscribe: linesOf(subscribe), disabled }),
    meta: { told: true },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['mqttUsers'] })
      onClose()
    },
  })
  return (
    <FormDialog title={user ? user.name : 'Make an MQTT user'} action="Save" isPending={save.isPending} problems={save.error ? sentencesOf(save.error) : []} onSubmit={() => save.mutate()} onClose={onClose}>
      <Labelled label="Name">{(field) => <TextField id={field} label="press-7" required value={name} disabled={user !== null} onChange={(event) => setName(event.target.value)} />}</Labelled>
      <Labelled label="Password" help={user ? 'Left empty, it stays as it is.' : undefined}>
        {(field) => <TextField id={field} label={user ? 'unchanged' : ''} type="password" autoComplete="new-password" required={user === null} value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Labelled>
      <Labelled label="May publish to" help="Topic filters, one a line; the levels {clientid} and {username} stand for the client's own.">
        {(field) => <TextArea id={field} rows={3} placeholder="plants/1/#" value={publish} onChange={(event) => setPublish(event.target.value)} />}
      </Labelled>
      <Labelled label="May subscribe to">{(field) => <TextArea id={field} rows={3} placeholder="commands/{clientid}/#" value={subscribe} onChange={(event) => setSubscribe(event.target.value)} />}</Labelled>
      <Checkbox label="Keep its clients out" checked={disabled} onChange={(event) => setDisabled(event.target.checked)} />
    </FormDialog>
  )
}
