import { useQuery } from '@tanstack/react-query'
import { FilePlus2 } from 'lucide-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { me } from '@/api/me'
import { freeId, idProblem } from '@/document/workflow-id'
import { Badge } from '@/ui/badge'
import { FormDialog } from '@/ui/dialog'
import { Labelled, TextField } from '@/ui/field'
import { toast } from '@/ui/toast'
import { draftOf } from './import'
import styles from './workflows.module.css'
import { readTemplates } from './templates'

/** Asks what a new workflow begins with, and opens the editor with a draft of it. */
export function NewWorkflow({ taken, onClose }: { taken: readonly string[]; onClose: () => void }) {
  const navigate = useNavigate()
  const templates = useQuery({ queryKey: ['templates'], staleTime: Infinity, queryFn: readTemplates }).data ?? []
  const user = useQuery(me).data?.name ?? ''
  const [template, setTemplate] = useState<string | null>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const id = typed ?? freeId(template ?? 'new-workflow', taken)
  const problem = idProblem(id, taken)
  const create = () => {
    if (problem) return
    const chosen = templates.find((each) => each.id === template)
    try {
      if (chosen) draftOf(user, id, chosen.id, chosen.files)
    } catch (error) {
      return toast((error as Error).message, 'bad')
    }
    void navigate(`/workflows/${encodeURIComponent(id)}?new`)
  }
  const choices = [{ id: null, name: 'Empty', description: 'Begin with a trigger of your choice.', triggers: [] as readonly string[] }, ...templates]
  return (
    <FormDialog title="New workflow" action="Open in the editor" onClose={onClose} onSubmit={create} problems={problem && typed !== null ? [problem] : []} wide>
      <Labelled label="Id" help={`The file's name below the workflows folder: ${id}.json. A / makes a folder.`}>
        {(field) => <TextField id={field} label="Id" value={id} autoFocus onChange={(event) => setTyped(event.target.value)} />}
      </Labelled>
      <fieldset className={styles.templates}>
        <legend>Begin with</legend>
        {choices.map((choice) => (
          <label key={choice.id ?? ''} data-chosen={template === choice.id}>
            <input type="radio" name="template" className="visually-hidden" checked={template === choice.id} onChange={() => setTemplate(choice.id)} />
            <strong>
              {choice.id === null ? <FilePlus2 aria-hidden /> : null}
              {choice.name}
            </strong>
            <span>{choice.description}</span>
            <span>
              {choice.triggers.map((type) => (
                <Badge key={type}>{type}</Badge>
              ))}
            </span>
          </label>
        ))}
      </fieldset>
    </FormDialog>
  )
}
