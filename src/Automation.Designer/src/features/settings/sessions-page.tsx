import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { browserSessions, deleteSession, type Session } from '@/api/access'
import { me, useMay } from '@/api/me'
import { Badge } from '@/ui/badge'
import { IconButton } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { Listed } from '@/ui/listed'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { SettingsPage } from './settings-page'

export function BrowserSessionsPage() {
  const isAllowed = useMay('admin')
  const list = useInfiniteQuery({ ...browserSessions, enabled: isAllowed })
  const own = useQuery(me).data?.session
  const queries = useQueryClient()
  const end = useMutation({ mutationFn: deleteSession, onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }) })
  const ask = async (session: Session) => {
    const yes = await confirmed({ title: 'End this session?', consequences: [session.id === own ? 'It is yours: you have to sign in again.' : 'Whoever uses it has to sign in again.'], action: 'End it', danger: true })
    if (yes) end.mutate(session.id)
  }
  const columns: readonly Column<Session>[] = [
    { title: 'User', width: '20%', cell: (session) => <><strong>{session.user ?? 'admin token'}</strong> {session.id === own ? <Badge>this one</Badge> : null}</> },
    { title: 'Browser', cell: (session) => <span title={session.agent ?? ''}>{session.agent ?? '–'}</span> },
    { title: 'From', width: '150px', cell: (session) => session.address ?? '–' },
    { title: 'Last used', width: '104px', align: 'end', cell: (session) => <Ago at={session.usedAt} /> },
    { title: 'Ends', width: '104px', align: 'end', cell: (session) => <Ago at={session.expiresAt} /> },
    {
      title: '',
      width: '60px',
      align: 'end',
      cell: (session) => (
        <IconButton label={`End the session of ${session.user ?? 'the admin token'}`} onClick={() => void ask(session)}>
          <LogOut aria-hidden />
        </IconButton>
      ),
    },
  ]
  return (
    <SettingsPage title="Sessions" hint="Browsers that are signed in." needs="admin">
      <Listed label="Sessions" list={list} columns={columns} rowKey={(session) => session.id} empty={{ title: 'Nobody is signed in.' }} />
    </SettingsPage>
  )
}
