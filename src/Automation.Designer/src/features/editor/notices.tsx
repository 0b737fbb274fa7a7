import type { ReactNode } from 'react'
import { JsonError } from '@/document/json-text'
import { Button } from '@/ui/button'
import { Copy } from '@/ui/copy'
import { confirmed } from '@/ui/confirm'
import { Ago } from '@/ui/time'
import { commandOf } from './commands'
import { dropDraft, takeDraft } from './drafts'
import styles from './notices.module.css'
import { useEditor, useEditorState } from './store'
import { dropUnfinished, readWorkflowText } from './workflow-text'

/** What must be known of all that is shown below, with the way out. */
export function Notices() {
  return (
    <>
      <Gone />
      <Unfinished />
      <OtherDraft />
    </>
  )
}

function Notice({ children, actions }: { children: ReactNode; actions: ReactNode }) {
  return (
    <div role="alert" className={styles.notice}>
      <p>{children}</p>
      {actions}
    </div>
  )
}

function Unfinished() {
  const editor = useEditor()
  const text = useEditorState((state) => state.unfinished)
  const isShown = useEditorState((state) => state.view === 'json' && state.script === null)
  if (text === null || isShown) return null
  const wrong = readWorkflowText(text)
  return (
    <Notice
      actions={
        <>
          <Button kind="primary" onClick={() => editor.setState({ view: 'json', script: null })}>
            Go to the text
          </Button>
          <Button onClick={() => void dropUnfinished(editor)}>Drop the text</Button>
        </>
      }
    >
      The text in the JSON view is no workflow yet{wrong instanceof JsonError ? `: line ${wrong.line}: ${wrong.message}` : '.'} Until it is, this shows the last text that was whole, and nothing else can be edited.
    </Notice>
  )
}

function Gone() {
  const editor = useEditor()
  const gone = useEditorState((state) => state.gone)
  if (!gone) return null
  return (
    <Notice actions={<Button onClick={() => commandOf('save').run(editor)}>Save it anew</Button>}>This workflow was deleted elsewhere. What you see is only in this browser; saving makes its files anew.</Notice>
  )
}

function OtherDraft() {
  const editor = useEditor()
  const draft = useEditorState(({ drafts }) => drafts[0])
  if (!draft) return null
  const drop = async () => {
    if (await confirmed({ title: 'Drop the other draft', consequences: ['What the other window did not save is gone.'], action: 'Drop', danger: true })) dropDraft(editor, draft)
  }
  return (
    <Notice
      actions={
        <>
          {draft.unfinished === undefined ? <Button onClick={() => takeDraft(editor, draft)}>Merge it into this</Button> : <Copy text={draft.unfinished} label="Copy its text" />}
          <Button onClick={() => void drop()}>Drop it</Button>
        </>
      }
    >
      Another window of this browser has a draft of this workflow, kept <Ago at={draft.at} />
      {draft.unfinished === undefined ? '.' : ': a text that is no JSON yet.'}
    </Notice>
  )
}
