import { useQuery, useQueryClient } from '@tanstack/react-query'
import { FlaskConical } from 'lucide-react'
import { useState } from 'react'
import { ApiError } from '@/api/client'
import { useRefusal } from '@/api/me'
import { run as runQuery, type RunSummary } from '@/api/runs'
import { NameRefused, readRecorded, saveTestCase } from '@/api/test-cases'
import { JsonError } from '@/document/json-text'
import { refuseName, testCaseOf } from '@/document/test-cases'
import { Button } from '@/ui/button'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, Select, TextField } from '@/ui/field'
import { toast } from '@/ui/toast'

/** Saves the event of a run, and what the run did, as a test case of its workflow. @param runs Those to choose from. */
export function SaveTestCase({ runs }: { runs: readonly RunSummary[] }) {
  const [isOpen, setOpen] = useState(false)
  const refusal = useRefusal('editor')
  const reason = refusal ?? (runs.some(isOver) ? undefined : 'A test case says what a run did: let it end first, or come to where it waits.')
  return (
    <>
      <Button icon={<FlaskConical aria-hidden />} reason={reason} onClick={() => setOpen(true)}>
        Save as test case
      </Button>
      {isOpen ? <SaveDialog runs={runs.filter(isOver)} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

const isOver = ({ state }: RunSummary) => state !== 'pending' && state !== 'running'

function SaveDialog({ runs, onClose }: { runs: readonly RunSummary[]; onClose: () => void }) {
  const queries = useQueryClient()
  const [id, setId] = useState(runs[0]?.id ?? '')
  const [name, setName] = useState('')
  const [withOutputs, setWithOutputs] = useState(false)
  const [isPending, setPending] = useState(false)
  const [problems, setProblems] = useState<readonly string[]>([])
  const run = useQuery(runQuery(id)).data
  const submit = async () => {
    const refused = refuseName(name, [])
    if (refused !== null) return setProblems([refused])
    setPending(true)
    try {
      const { run, event } = await readRecorded(id)
      const file = await saveTestCase(run.workflow, name, testCaseOf(run, event, withOutputs))
      toast(`Saved as “${name.trim()}” in ${file}.`)
      void queries.invalidateQueries({ queryKey: ['workflowFiles', run.workflow], refetchType: 'none' })
      onClose()
    } catch (error) {
      setProblems(sentences(error))
    } finally {
      setPending(false)
    }
  }
  return (
    <FormDialog title="Save as test case" action="Save" isPending={isPending} problems={problems} onSubmit={() => void submit()} onClose={onClose}>
      <Labelled label="Name" help="As people call it: what is special about this event.">
        {(field) => <TextField id={field} label="Too warm" value={name} maxLength={100} onChange={({ target }) => (setName(target.value), setProblems([]))} />}
      </Labelled>
      {runs.length > 1 ? (
        <Labelled label="Run" help="The event started several. The case belongs to the workflow of one.">
          {(field) => <Select id={field} label="Run" value={id} onChoose={setId} options={runs.map((each) => ({ value: each.id, label: `${each.workflow} · ${each.trigger} · ${each.state}` }))} />}
        </Labelled>
      ) : null}
      <p>
        It holds the event, without what let its sender in, and expects that the run ends as this one{run ? ` (${run.state})` : ''} and that its steps have the same outcomes. It is kept beside the workflow, in <code>{run ? `${run.workflow}.tests.json` : '….tests.json'}</code>: look that the event holds nothing that should not be in a repository.
      </p>
      <Checkbox label="Also expect what the steps put out" checked={withOutputs} onChange={({ target }) => setWithOutputs(target.checked)} />
    </FormDialog>
  )
}

function sentences(error: unknown): readonly string[] {
  if (error instanceof ApiError) return error.sentences
  if (error instanceof NameRefused) return [error.message]
  if (error instanceof JsonError) return [`The workflow's file of test cases is not JSON: line ${error.line}, column ${error.column}: ${error.message} Mend it first.`]
  throw error
}
