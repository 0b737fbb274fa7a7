import { useMutation, useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { changePassword } from '@/api/access'
import { me } from '@/api/me'
import { Button } from '@/ui/button'
import { Labelled, TextField } from '@/ui/field'
import { KeyValues } from '@/ui/key-values'
import { Problem, sentencesOf } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { SettingsPage } from './settings-page'
import styles from './settings.module.css'

export function AccountPage() {
  const caller = useQuery(me).data
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({ mutationFn: () => changePassword(current, next), meta: { told: true }, gcTime: 0, onSuccess: () => window.location.assign('/sign-in') })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <SettingsPage title="Account" hint="Who you are to the server." needs="viewer">
      <Columns least={360}>
        <Panel title="You">
          <KeyValues
            items={[
              ['Name', caller?.name],
              ['Role', caller?.role],
              ['Came in by', caller ? { user: 'a password', adminToken: 'the admin token', token: 'a token', portal: 'a link to a portal', proxy: 'a proxy that signed you in' }[caller.kind] : null],
              ['Limited to', caller && caller.names.length > 0 ? caller.names.join(', ') : null],
            ]}
          />
        </Panel>
        {caller?.kind === 'user' ? (
          <Panel title="Another password">
            <form onSubmit={submit} className={styles.form}>
              <Labelled label="The one now">{(field) => <TextField id={field} label="" type="password" autoComplete="current-password" required value={current} onChange={(event) => setCurrent(event.target.value)} />}</Labelled>
              <Labelled label="The new one" help="12 to 256 characters. It ends all your sessions; sign in again with it.">
                {(field) => <TextField id={field} label="" type="password" autoComplete="new-password" required minLength={12} maxLength={256} value={next} onChange={(event) => setNext(event.target.value)} />}
              </Labelled>
              {change.error ? <Problem sentences={sentencesOf(change.error)} /> : null}
              <Button kind="primary" type="submit" disabled={change.isPending}>
                Change it
              </Button>
            </form>
          </Panel>
        ) : null}
      </Columns>
    </SettingsPage>
  )
}
