import { useMemo, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { ApiError } from '@/api/client'
import { startRun, type Problem } from '@/api/workflow-files'
import { difference } from '@/document/difference'
import { layoutOf, testsOf } from '@/document/files'
import { layoutProblem } from '@/document/layout-file'
import { lineDifference, withContext } from '@/document/lines'
import { decided, nameOf, type Side } from '@/document/merge'
import { shortText } from '@/document/summary'
import { edited } from '@/document/history'
import { Button } from '@/ui/button'
import { Dialog, FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, TextArea, TextField } from '@/ui/field'
import { toast } from '@/ui/toast'
import { commands, findCommands } from './commands'
import { ConnectDialog } from './connect-dialog'
import styles from './dialogs.module.css'
import { markTaken } from './drafts'
import { keyText } from './keys'
import { OccupiedDialog } from './occupied-dialog'
import { useSampleData } from './sample'
import { changesOf, documentOf, isChanged, setOpened, useEditor, useEditorState, type EditorState, type Merging } from './store'
import { save } from './sync'

export function Dialogs() {
  const editor = useEditor()
  const dialog = useEditorState((state) => state.dialog)
  const merging = useEditorState((state) => state.merging)
  const occupied = useEditorState((state) => state.occupied)
  const stranger = useEditorState((state) => state.stranger)
  const close = () => editor.setState({ dialog: null })
  if (stranger !== null) return <StrangerDialog stranger={stranger} />
  if (occupied) return <OccupiedDialog theirs={occupied} />
  if (merging) return <ConflictDialog merging={merging} />
  if (dialog === 'save') return <SaveDialog onClose={close} />
  if (dialog === 'commands') return <CommandDialog onClose={close} />
  if (dialog === 'keys') return <KeysDialog onClose={close} />
  if (dialog === 'connect') return <ConnectDialog onClose={close} />
  return dialog === 'run' ? <RunDialog onClose={close} /> : null
}

/** Another tab signed out, and somebody else in: what is here is not theirs to see or save. */
function StrangerDialog({ stranger }: { stranger: string }) {
  const user = useEditorState((state) => state.user)
  const changed = useEditorState(isChanged)
  const reload = () => window.location.reload()
  return (
    <Dialog
      title={`${stranger} is signed in now`}
      onClose={reload}
      footer={
        <Button kind="primary" onClick={reload}>
          Reload
        </Button>
      }
    >
      <p>
        This page was opened by {user}, and saves nothing as {stranger}. {changed ? `What ${user} changed is kept in this browser, for when ${user} signs in again.` : ''}
      </p>
    </Dialog>
  )
}

/** What will be written, in words and in lines, before it is. */
function SaveDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor()
  const now = useEditorState((each) => each)
  const [sent, setSent] = useState<EditorState | null>(null)
  const state = sent ?? now // others' changes are merged while this is open
  const pending = sent !== null
  const document = documentOf(state)
  const words = useMemo(() => difference(state.saved, document), [state.saved, document])
  const changes = changesOf(state)
  const isDone = !isChanged(state) && !state.gone
  const isShort = Object.values(changes).reduce((sum, text) => sum + (text ?? '').length, 0) < 20_000 // else the words say it better
  const git = state.opened.git
  const lostLayout = state.gone ? null : layoutProblem(state.opened.files[layoutOf(state.id)])
  const stopping = inWorkflow(state.id, state.problems).length
  const [commits, setCommits] = useState(typeof git?.branch === 'string' && localStorage.getItem('automation.commits') === 'yes')
  const [message, setMessage] = useState(() => (words.length === 1 ? plain(words[0] ?? '') : ''))
  const [problems, setProblems] = useState<readonly string[]>([])
  const submit = async () => {
    if (pending || isDone) return
    if (commits && message.trim() === '') return setProblems(['Say in the message what the commit is for.'])
    setSent(editor.getState())
    localStorage.setItem('automation.commits', commits ? 'yes' : 'no')
    try {
      const saved = await save(editor, commits ? message.trim() : null)
      onClose()
      if (!saved) return
      const left = inWorkflow(state.id, saved.problems).length
      if (saved.commitProblem) toast(`Saved, but not committed: ${saved.commitProblem}`, 'bad')
      else if (left > 0) toast(`Saved with ${left === 1 ? 'a problem' : `${left} problems`}: the version before stays active until they are mended.`, 'bad')
      else toast(saved.commit ? `Saved and committed as ${saved.commit.slice(0, 10)}; it is active now.` : 'Saved; it is active now.')
    } catch (error) {
      setProblems(error instanceof ApiError ? (error.status === 404 ? ['This server cannot save files from the browser.'] : error.sentences) : [String(error)])
    } finally {
      setSent(null)
    }
  }
  return (
    <Dialog
      firm
      title="Save"
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="primary" autoFocus disabled={pending || isDone} onClick={() => void submit()}>
            {pending ? 'Saving …' : commits ? 'Save and commit' : 'Save'}
          </Button>
        </>
      }
    >
      {problems.length > 0 ? (
        <div role="alert" className={styles.refused}>
          {problems.map((problem) => (
            <p key={problem}>{problem}</p>
          ))}
        </div>
      ) : null}
      {stopping > 0 ? <p className={styles.warning}>{stopping === 1 ? 'There is a problem' : `There are ${stopping} problems`}: the files are written, but the version before stays active until they are mended.</p> : null}
      {state.unchecked === null ? null : <p className={styles.warning}>The server did not look for mistakes in this yet: {state.unchecked} If there are some, the version before stays active until they are mended.</p>}
      {lostLayout === null || !(layoutOf(state.id) in changes) ? null : (
        <p className={styles.warning}>
          <code>{layoutOf(state.id)}</code> cannot be read, and is replaced: what stood in it is lost. {lostLayout}
        </p>
      )}
      {isDone ? <p>There is nothing to save any more: the files are as this is.</p> : null}
      <ul className={styles.words}>
        {words.map((sentence) => (
          <li key={sentence}>
            <Words text={sentence} />
          </li>
        ))}
      </ul>
      {git?.branch === null ? (
        <p className={styles.commit}>No branch of the git repository is checked out, so nothing can be committed.</p>
      ) : git ? (
        <div className={styles.commit}>
          <Checkbox label={<>Commit to git on <code>{git.branch}</code></>} checked={commits} onChange={(event) => setCommits(event.target.checked)} />
          {commits ? <TextField label="Message" value={message} onChange={(event) => setMessage(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && void submit()} /> : null}
        </div>
      ) : null}
      <details className={styles.files} open={isShort}>
        <summary>{Object.keys(changes).length === 1 ? '1 file' : `${Object.keys(changes).length} files`}, line by line</summary>
        {Object.entries(changes).map(([file, text]) => (
          <FileDifference key={file} file={file} before={state.opened.files[file] ?? ''} after={text ?? ''} />
        ))}
      </details>
    </Dialog>
  )
}

/** Problems that keep the workflow from being active: those of its test cases do not. */
const inWorkflow = (id: string, problems: readonly Problem[]) => problems.filter(({ file }) => file !== testsOf(id))

const plain = (sentence: string): string => sentence.replaceAll('`', '').replace(/^./, (letter) => letter.toUpperCase())

/** A sentence in which names stand in backquotes. */
function Words({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
}

function FileDifference({ file, before, after }: { file: string; before: string; after: string }) {
  const lines = useMemo(() => withContext(lineDifference(before, after)), [before, after])
  return (
    <figure className={styles.file}>
      <figcaption>{file}</figcaption>
      <ol tabIndex={0} aria-label={`Changes in ${file}`}>
        {lines.map((line, index) =>
          line === null ? (
            <li key={index} data-kind="skipped">
              ⋯
            </li>
          ) : (
            <li key={index} data-kind={line.kind}>
              <span>{line.before ?? ''}</span>
              <span>{line.after ?? ''}</span>
              <i>{{ same: ' ', added: '+', removed: '−' }[line.kind]}</i>
              <code>{line.text}</code>
            </li>
          ),
        )}
      </ol>
    </figure>
  )
}

/** Both changed the same things: asks for each, and keeps all else of both sides. */
function ConflictDialog({ merging: { theirs, merged, conflicts, draft } }: { merging: Merging }) {
  const editor = useEditor()
  const [sides, setSides] = useState<ReadonlyMap<string, Side>>(new Map())
  const finish = () => {
    setOpened(editor, theirs)
    editor.setState(({ history }) => ({ merging: null, history: edited(history, decided(merged, conflicts, sides), 'Merge changes from elsewhere') }))
    if (draft) markTaken(editor, draft)
    toast('Merged. Nothing is written yet: save when it is as you want it.')
  }
  const later = () => {
    editor.setState(draft ? { merging: null } : { merging: null, putOff: theirs.base })
    toast(draft ? 'Nothing is merged; the draft is kept.' : 'Nothing is merged yet; saving asks again.')
  }
  return (
    <Dialog
      firm
      title={draft ? 'Both drafts changed the same' : 'Somebody else changed the same'}
      onClose={later}
      wide
      footer={
        <>
          <Button onClick={later}>Later</Button>
          <Button kind="primary" onClick={finish}>
            Go on with this
          </Button>
        </>
      }
    >
      <p>Everything else of both sides is merged. Choose here; with undo you can come back to how it was before.</p>
      {conflicts.map((conflict) => {
        const name = nameOf(conflict)
        const side = sides.get(name) ?? 'mine'
        return (
          <fieldset key={name} className={styles.conflict}>
            <legend>
              <code>{conflict.path.join(' › ')}</code>
            </legend>
            {(['mine', 'theirs'] as const).map((each) => (
              <label key={each} data-chosen={side === each}>
                <input type="radio" name={name} checked={side === each} onChange={() => setSides(new Map([...sides, [name, each]]))} />
                <span>
                  {each === 'mine' ? 'Yours' : 'Theirs'}
                  <code>{conflict[each] === undefined ? 'deleted' : shortText(conflict[each], 400)}</code>
                </span>
              </label>
            ))}
          </fieldset>
        )
      })}
    </Dialog>
  )
}

function RunDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor()
  const id = useEditorState((state) => state.id)
  const changed = useEditorState(isChanged)
  const navigate = useNavigate()
  const { run, test, scopeOf } = useSampleData()
  const { data: recorded } = scopeOf(null)['event'] as { data?: unknown }
  const [typed, setTyped] = useState<string | null>(null)
  const [problems, setProblems] = useState<readonly string[]>([])
  const [pending, setPending] = useState(false)
  const text = typed ?? JSON.stringify(recorded ?? {}, null, 2)
  const submit = async () => {
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch (error) {
      return setProblems([`This is not JSON: ${(error as Error).message}`])
    }
    setPending(true)
    try {
      const started = await startRun(id, data)
      editor.setState({ dialog: null })
      await navigate(`/runs/${started}`)
    } catch (error) {
      setProblems(error instanceof ApiError ? error.sentences : [String(error)])
      setPending(false)
    }
  }
  return (
    <FormDialog title="Run by hand" action="Run" onClose={onClose} onSubmit={() => void submit()} isPending={pending} problems={problems} wide>
      {changed ? <p className={styles.warning}>What you changed is not saved; the version that is active runs.</p> : null}
      <Labelled label="Data of the event" help={run ? 'As the recorded run had it.' : test !== null ? `As the test case “${test}” has it.` : 'What a trigger would give as event.data.'}>
        {(field) => <TextArea id={field} rows={14} value={text} onChange={(change) => setTyped(change.target.value)} />}
      </Labelled>
    </FormDialog>
  )
}

function CommandDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor()
  const [search, setSearch] = useState('')
  const [active, setActive] = useState(0)
  const [state] = useState(() => editor.getState())
  const found = useMemo(() => findCommands(state, search), [state, search])
  const list = useRef<HTMLDivElement>(null)
  const choose = (index: number) => {
    const command = found[index]
    if (!command) return
    onClose()
    requestAnimationFrame(() => command.run(editor))
  }
  return (
    <Dialog title="Commands" onClose={onClose}>
      <TextField
        label="Search commands"
        type="search"
        role="combobox"
        aria-expanded
        aria-controls="command-list"
        aria-activedescendant={`command-${active}`}
        autoFocus
        value={search}
        onChange={(event) => {
          setSearch(event.target.value)
          setActive(0)
        }}
        onKeyDown={(event) => {
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
          if (event.key === 'Enter') choose(active)
          else if (event.key === 'Escape') onClose()
          else if (by !== undefined) {
            const next = Math.min(Math.max(active + by, 0), found.length - 1)
            setActive(next)
            list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
          } else return
          event.preventDefault() // Escape would only empty the field
        }}
      />
      <div ref={list} role="listbox" id="command-list" aria-label="Commands" className={styles.commands}>
        {found.map((command, index) => (
          <div key={command.id} id={`command-${index}`} role="option" aria-selected={index === active} onMouseMove={() => setActive(index)} onClick={() => choose(index)}>
            <small>{command.group}</small>
            <span>{command.label}</span>
            {command.keys?.[0] ? <kbd>{keyText(command.keys[0])}</kbd> : null}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p>No command has these words. What is not possible just now is left out.</p> : null}
    </Dialog>
  )
}

function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className={styles.keys} tabIndex={0} aria-label="Keys">
        {commands
          .filter((command) => command.keys)
          .map((command) => (
            <div key={command.id}>
              <dt>{command.label}</dt>
              <dd>
                {command.keys?.map((keys) => (
                  <kbd key={keys}>{keyText(keys)}</kbd>
                ))}
              </dd>
            </div>
          ))}
        <div>
          <dt>Move what is selected</dt>
          <dd>
            <kbd>← ↑ ↓ →</kbd>
          </dd>
        </div>
        <div>
          <dt>Select several</dt>
          <dd>
            <kbd>Shift</kbd> and drag, or click
          </dd>
        </div>
      </dl>
    </Dialog>
  )
}
