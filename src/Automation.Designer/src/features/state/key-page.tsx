import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Eraser, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { ApiError } from '@/api/client'
import { forgetInStep, keyDetails, resetKeyState, setKeyState, type KeyDetails } from '@/api/keys'
import { useRefusal } from '@/api/me'
import { runTo } from '@/parts/addresses'
import { useLiveRuns } from '@/parts/live'
import { Badge } from '@/ui/badge'
import { Button, IconButton } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { confirmed } from '@/ui/confirm'
import { FormDialog } from '@/ui/dialog'
import { Labelled, TextArea } from '@/ui/field'
import { parseJson } from '@/ui/json-text'
import { JsonTree } from '@/ui/json-tree'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Empty, Page, sentencesOf } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { Ago } from '@/ui/time'
import { ParkedActions } from './parked-actions'
import styles from './state.module.css'

export function KeyPage() {
  const { workflow = '', key = '' } = useParams()
  const query = useQuery(keyDetails(workflow, key))
  const [editing, setEditing] = useState<KeyDetails | null>(null)
  useLiveRuns(['key'], { of: (run) => run.workflow === workflow })
  return (
    <Page
      title={`${key} of ${workflow}`}
      up={{ to: `/state?workflow=${encodeURIComponent(workflow)}`, label: `Keys of ${workflow}` }}
      heading={
        <>
          {key} {query.data?.parked ? <Badge tone="bad">parked</Badge> : null}
        </>
      }
      actions={query.data ? <ParkedActions item={query.data} /> : null}
    >
      <Loaded query={query}>
        {(details) => (details === null ? <Empty title="Nothing is kept for this key.">Its next run begins without a state. What it keeps then appears here by itself.</Empty> : <Kept workflow={workflow} name={key} details={details} onEdit={() => setEditing(details)} />)}
      </Loaded>
      {editing ? <StateForm workflow={workflow} name={key} opened={editing} onClose={() => setEditing(null)} /> : null}
    </Page>
  )
}

function Kept({ workflow, name, details, onEdit }: { workflow: string; name: string; details: KeyDetails; onEdit: () => void }) {
  const queries = useQueryClient()
  const refusal = useRefusal('editor')
  const onSettled = () => Promise.all([queries.invalidateQueries({ queryKey: ['key'] }), queries.invalidateQueries({ queryKey: ['keys'] })])
  const reset = useMutation({ mutationFn: () => resetKeyState(workflow, name), onSettled })
  const forget = useMutation({ mutationFn: (step: string) => forgetInStep(workflow, name, step), onSettled })
  const askReset = async () => {
    const yes = await confirmed({ title: `Forget the state of ${name}?`, consequences: ['The next run of the key begins without a state.', 'What steps remember by themselves stays.'], action: 'Forget it', danger: true })
    if (yes) reset.mutate()
  }
  const askForget = async (step: string) => {
    const yes = await confirmed({ title: `Have ${step} forget ${name}?`, consequences: ['Its timer and what it holds are gone.', 'It takes the next event as the first.'], action: 'Forget it', danger: true })
    if (yes) forget.mutate(step)
  }
  return (
    <>
      {details.parked ? (
        <div role="note" className={styles.parked}>
          <strong>
            {details.parked.failedStep ? `${details.parked.failedStep}: ` : ''}
            {details.parked.error?.message ?? 'Its run failed.'}
          </strong>
          <p>
            <Link to={runTo(details.parked.run)}>The run</Link> failed <Ago at={details.parked.at} />; {details.waiting === 1 ? '1 run waits' : `${details.waiting} runs wait`} behind it.
          </p>
        </div>
      ) : null}
      <Columns least={400}>
        <Panel
          title="State"
          tools={
            <>
              <Button icon={<Pencil aria-hidden />} reason={refusal} onClick={onEdit}>
                Change
              </Button>
              <IconButton label="Forget the state" reason={refusal} onClick={() => void askReset()}>
                <Trash2 aria-hidden />
              </IconButton>
            </>
          }
        >
          <KeyValues
            items={[
              ['Changed', details.updatedAt ? <Ago key="" at={details.updatedAt} /> : null],
              ['Forgotten', details.expiresAt ? <Ago key="" at={details.expiresAt} /> : null],
              ['Waiting runs', details.waiting],
            ]}
          />
          {details.state === null ? <p className={styles.muted}>It keeps none. A script makes one by writing to state.</p> : <JsonTree value={details.state} path="state" depth={4} />}
        </Panel>
        <Panel title="What steps remember">
          {details.steps.length === 0 ? <p className={styles.muted}>None remembers anything of this key.</p> : null}
          {details.steps.map((step) => (
            <section key={step.step} aria-label={step.step} className={styles.step}>
              <header>
                <strong>{step.step}</strong> <span className={styles.muted}>{step.type}</span>
                {step.timerAt ? (
                  <Badge tone="info">
                    due <Ago at={step.timerAt} />
                  </Badge>
                ) : null}
                <span className={styles.gap} />
                <IconButton label={`Have ${step.step} forget the key`} reason={refusal} onClick={() => void askForget(step.step)}>
                  <Eraser aria-hidden />
                </IconButton>
              </header>
              {step.state === null ? null : <JsonTree value={step.state} path={step.step} />}
            </section>
          ))}
        </Panel>
      </Columns>
    </>
  )
}

function StateForm({ workflow, name, opened, onClose }: { workflow: string; name: string; opened: KeyDetails; onClose: () => void }) {
  const queries = useQueryClient()
  const [text, setText] = useState(opened.stateText)
  const [tag, setTag] = useState(opened.stateTag)
  /** As it was when the last try was refused; undefined as long as none was. */
  const [other, setOther] = useState<KeyDetails | null>()
  const save = useMutation({
    mutationFn: async (only: string | null) => {
      parseJson(text)
      await setKeyState(workflow, name, text, only)
    },
    meta: { told: true },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['key'] })
      onClose()
    },
    onError: async (error) => {
      if (!isOther(error)) return
      const now = await queries.fetchQuery({ ...keyDetails(workflow, name), staleTime: 0 })
      setTag(now?.stateTag ?? 'none')
      setOther(now)
    },
  })
  const takeOver = () => {
    setText(other?.stateText ?? '{}')
    setOther(undefined)
    save.reset()
  }
  return (
    <FormDialog wide title={`State of ${name}`} action={other === undefined ? 'Save' : 'Save over it'} isPending={save.isPending} problems={save.error && !isOther(save.error) ? sentencesOf(save.error) : []} onSubmit={() => save.mutate(tag)} onClose={onClose}>
      <Labelled label="State" help="A JSON object; the next run of the key has it as state.">
        {(field) => <TextArea id={field} rows={other === undefined ? 16 : 8} value={text} onChange={(event) => setText(event.target.value)} />}
      </Labelled>
      {other === undefined ? null : (
        <div role="alert" className={styles.other}>
          <p>
            <strong>The state was changed while you wrote, by a run or somebody else.</strong> Nothing is saved yet. This is what the key keeps now; put into yours what of it should stay.
          </p>
          <CodeBlock plain title="As it is now" text={other?.stateText ?? 'nothing'} />
          <div className={styles.ways}>
            <Button onClick={takeOver}>Begin anew with it</Button>
            <Button onClick={() => save.mutate(null)} disabled={save.isPending}>
              Save mine, whatever it is by then
            </Button>
          </div>
        </div>
      )}
    </FormDialog>
  )
}

const isOther = (error: Error): boolean => error instanceof ApiError && error.status === 412
