import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { answerWait, type Wait } from '@/api/runs'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { FormDialog } from '@/ui/dialog'
import { Labelled, TextArea } from '@/ui/field'
import { parseJson } from '@/ui/json-text'
import { sentencesOf } from '@/ui/page'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import styles from './run.module.css'
import { placeOf } from './trace'

interface Answer {
  wait: Wait
  /** Null where there is nothing to choose. */
  outcome: string | null
}

/** What a run waits for, and the answers that can be given here. */
export function Waits({ run, waits, refusal }: { run: string; waits: readonly Wait[]; refusal: string | undefined }) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  return (
    <>
      {waits.length > 0 ? <WaitList waits={waits} refusal={refusal} onAnswer={setAnswer} /> : null}
      {/* It stays when somebody else answers meanwhile: what was written is not lost, and the server says why it does not count. */}
      {answer ? <AnswerForm run={run} answer={answer} onClose={() => setAnswer(null)} /> : null}
    </>
  )
}

/** So many at once. */
const page = 20

function WaitList({ waits, refusal, onAnswer }: { waits: readonly Wait[]; refusal: string | undefined; onAnswer: (answer: Answer) => void }) {
  const [shown, setShown] = useState(page)
  return (
    <ul className={styles.waits} aria-label="Waits">
      {waits.slice(0, shown).map((wait) => (
        <li key={`${wait.step} ${wait.iteration} ${wait.since}`}>
          <Badge tone="warn">waits</Badge>
          <span>
            <strong>{wait.step}</strong> {wait.iteration ? placeOf(wait.iteration) : ''} since <Ago at={wait.since} />
            {wait.until ? (
              <>
                , ends <Ago at={wait.until} />
              </>
            ) : null}
          </span>
          {wait.answers ? (
            <span className={styles.answers}>
              {(wait.answers.length > 0 ? wait.answers : [null]).map((outcome) => (
                <Button key={outcome ?? ''} reason={refusal} onClick={() => onAnswer({ wait, outcome })}>
                  {outcome ?? 'Confirm'}
                </Button>
              ))}
            </span>
          ) : null}
        </li>
      ))}
      {waits.length > shown ? (
        <li>
          <Button onClick={() => setShown(shown + page)}>
            {waits.length - shown > page ? `Show ${page} more of the ${waits.length - shown} others` : `Show the ${waits.length - shown} others`}
          </Button>
        </li>
      ) : null}
    </ul>
  )
}

function AnswerForm({ run, answer: { wait, outcome }, onClose }: { run: string; answer: Answer; onClose: () => void }) {
  const queries = useQueryClient()
  const [data, setData] = useState('')
  const send = useMutation({
    mutationFn: async () => answerWait(run, wait, outcome, data.trim() ? parseJson(data) : null),
    meta: { told: true },
    onSuccess: () => {
      toast(outcome ? `Answered: ${outcome}.` : 'Confirmed.')
      onClose()
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['run', run] }),
  })
  return (
    <FormDialog title={outcome ? `${wait.step}: ${outcome}` : `Confirm ${wait.step}`} action={outcome ?? 'Confirm'} isPending={send.isPending} problems={send.error ? sentencesOf(send.error) : []} onSubmit={() => send.mutate()} onClose={onClose}>
      <p>The run goes on with this answer; the first one counts, also when somebody follows the link that the run sent. The audit log notes that it was you.</p>
      <Labelled label="Data" help="What the step hands on as data, in JSON; may be left empty.">
        {(field) => <TextArea id={field} rows={5} placeholder={'{ "note": "fine" }'} value={data} onChange={(event) => setData(event.target.value)} />}
      </Labelled>
    </FormDialog>
  )
}
