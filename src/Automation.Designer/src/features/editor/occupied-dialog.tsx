import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { idQueries } from '@/api/ids'
import { me } from '@/api/me'
import type { WorkflowFiles } from '@/api/workflow-files'
import { freeId, idProblem } from '@/document/workflow-id'
import { draftsOf } from '@/parts/drafts'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Labelled, TextField } from '@/ui/field'
import { toast } from '@/ui/toast'
import { keepUnder } from './drafts'
import { useEditor } from './store'
import { replaceBy } from './sync'

/** Somebody else made a workflow of this id while a new one was edited here: two workflows, of which one needs another id. */
export function OccupiedDialog({ theirs }: { theirs: WorkflowFiles }) {
  const editor = useEditor()
  const navigate = useNavigate()
  const user = useQuery(me).data?.name ?? ''
  const others = useQuery({ ...idQueries.workflows, staleTime: 0 }).data ?? []
  const taken = [theirs.id, ...others, ...draftsOf(user).map((draft) => draft.id)]
  const [typed, setTyped] = useState<string | null>(null)
  const id = typed ?? freeId(theirs.id, taken)
  const problem = idProblem(id, taken)
  const keep = (): boolean => {
    if (problem !== null) return false
    try {
      keepUnder(user, id, editor.getState())
    } catch (error) {
      toast((error as Error).message, 'bad')
      return false
    }
    replaceBy(editor, theirs)
    return true
  }
  const goOn = () => void (keep() && navigate(`/workflows/${encodeURIComponent(id)}?new`))
  const look = () => {
    if (keep()) toast(`This is the other workflow. Yours is kept in this browser as a draft of ${id}.`)
  }
  return (
    <Dialog
      firm
      title={`There is a workflow ${theirs.id} now`}
      onClose={() => editor.setState({ occupied: null })}
      footer={
        <>
          <Button onClick={look} disabled={problem !== null}>
            Keep mine and show the other
          </Button>
          <Button kind="primary" onClick={goOn} disabled={problem !== null}>
            Go on with mine
          </Button>
        </>
      }
    >
      <p>Somebody else saved a workflow under this id while you were making yours. They are not merged, and nothing of either is lost: give yours another id.</p>
      <Labelled label="Id of yours" help={problem ?? `Its file will be ${id}.json.`}>
        {(field) => <TextField id={field} label="Id of yours" value={id} autoFocus onChange={(event) => setTyped(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && goOn()} />}
      </Labelled>
    </Dialog>
  )
}
