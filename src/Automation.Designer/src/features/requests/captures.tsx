import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefusal } from '@/api/me'
import { capture, captures, release } from '@/api/requests'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Copy } from '@/ui/copy'
import { FormDialog } from '@/ui/dialog'
import { Labelled, Select, TextField } from '@/ui/field'
import { Problem, sentencesOf } from '@/ui/page'
import { Ago } from '@/ui/time'
import styles from './requests.module.css'

const times = [
  { value: '15m', label: '15 minutes' },
  { value: '1h', label: 'an hour' },
  { value: '1d', label: 'a day' },
  { value: '7d', label: 'a week' },
]

/** Paths whose requests are kept although no workflow takes them yet, and the form for another. */
export function Captures({ isAdding, onClose }: { isAdding: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const refusal = useRefusal('editor')
  const query = useQuery(captures)
  const open = query.data ?? []
  const [path, setPath] = useState('/')
  const [duration, setDuration] = useState('1h')
  const settle = () => queries.invalidateQueries({ queryKey: ['captures'] })
  const add = useMutation({
    mutationFn: () => capture(path, duration),
    meta: { told: true },
    onSuccess: async () => {
      await settle()
      onClose()
    },
  })
  const end = useMutation({ mutationFn: release, onSettled: settle })
  return (
    <>
      {query.error && !query.data ? <Problem sentences={sentencesOf(query.error)} onRetry={() => void query.refetch()} /> : null}
      {open.length > 0 ? (
        <ul className={styles.captures} aria-label="Captured paths">
          {open.map((each) => (
            <li key={each.path}>
              <Badge tone="info">captures</Badge>
              <code>/hooks{each.path}</code>
              <Copy text={`${window.location.origin}/hooks${each.path}`} label="Copy the address" />
              <span>
                until <Ago at={each.until} />
              </span>
              <Button reason={refusal} onClick={() => end.mutate(each.path)}>
                Stop
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      {isAdding ? (
        <FormDialog title="Capture a path" action="Capture" isPending={add.isPending} problems={add.error ? sentencesOf(add.error) : []} onSubmit={() => add.mutate()} onClose={onClose}>
          <p>Requests to it are kept and answered with 202 though no workflow takes them, so that you see what a sender sends before you build for it.</p>
          <Labelled label="Path" help="Below /hooks. A part in braces, as in /orders/{id}, stands for any text.">{(field) => <TextField id={field} label="/orders" value={path} required onChange={(event) => setPath(event.target.value)} />}</Labelled>
          <Labelled label="For">{(field) => <Select id={field} label="For" value={duration} options={times} onChoose={setDuration} />}</Labelled>
        </FormDialog>
      ) : null}
    </>
  )
}
