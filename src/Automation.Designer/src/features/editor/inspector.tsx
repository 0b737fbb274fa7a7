import {
  AlignCenterHorizontal, AlignCenterVertical, AlignEndHorizontal, AlignEndVertical, AlignHorizontalDistributeCenter, AlignStartHorizontal, AlignStartVertical, AlignVerticalDistributeCenter, ArrowRight, ArrowUpRight, Braces, Plus, Trash2,
  type LucideIcon,
} from 'lucide-react'
import { useContext, useMemo, useState } from 'react'
import { StepIcon } from '@/canvas/step-icon'
import { namesOf, type StepKind } from '@/document/catalog'
import { configOf, idProblem, rename, setProperty, setValue } from '@/document/edit'
import { fileOf } from '@/document/files'
import { graphOf, keyOf, refOf, stepsOf, trigger as triggerRef, type GraphEdge, type NodeRef } from '@/document/graph'
import { isObject, objectAt, pathOf, textAt, type Json, type JsonObject } from '@/document/json'
import { Button, IconButton } from '@/ui/button'
import { Split } from '@/ui/split'
import { Tabs } from '@/ui/tabs'
import { commandOf, isEnabled, openScript } from './commands'
import { SampleData } from './data-tree'
import { Fields, FormPlace } from './form/field'
import { useIds } from './form/use-ids'
import styles from './inspector.module.css'
import { titleOf } from './keys'
import { Leads } from './leads'
import { useSampleData } from './sample'
import { ScriptSource } from './script-source'
import { documentOf, edit, goTo, lockOf, seal, selectedRef, useDocument, useEditor, useEditorState } from './store'
import { TriggerPanel } from './trigger-panel'
import { isUnfinishedAt, underNewId } from './unfinished-fields'
import { VerifyForm } from './verify/verify-form'

/** What is selected, as a form; with nothing selected the workflow itself. */
export function Inspector() {
  const ref = useEditorState(selectedKey)
  const count = useEditorState((state) => state.selection.filter((key) => !key.includes('|')).length)
  const edge = useSelectedEdge()
  if (count > 1) return <Several count={count} />
  if (ref === null && edge) return <ArrowForm key={edge.id} edge={edge} />
  if (ref === null) return <WorkflowForm />
  const id = ref.slice(ref.indexOf(':') + 1)
  const kind = ref.startsWith('trigger:') ? 'trigger' : 'step'
  return (
    <FormPlace key={ref} value={[`${kind}s`, id]}>
      <NodeForm kind={kind} id={id} />
    </FormPlace>
  )
}

/** The one arrow that is selected. */
function useSelectedEdge(): GraphEdge | null {
  const { workflow } = useDocument()
  const catalog = useEditorState((state) => state.catalog)
  const id = useEditorState(({ selection: [only, ...others] }) => (only?.includes('|') && others.length === 0 ? only : null))
  return useMemo(() => (id === null ? null : (graphOf(workflow, catalog).edges.find((edge) => edge.id === id) ?? null)), [id, workflow, catalog])
}

/** Where the one arrow leads that is selected, and what can be done with it. */
function ArrowForm({ edge }: { edge: GraphEdge }) {
  const editor = useEditor()
  const state = useEditorState((each) => each)
  const [from, to] = [refOf(edge.from), refOf(edge.to)]
  return (
    <div className={styles.inspector}>
      <header className={styles.header}>
        <h2>Arrow</h2>
      </header>
      <div className={styles.form}>
        <ul className={styles.leads} aria-label="What it leads to">
          <li>
            <button type="button" onClick={() => goTo(editor, edge.from)}>
              {from.id}
            </button>
            <ArrowRight aria-hidden />
            <button type="button" onClick={() => goTo(editor, edge.to)}>
              {to.id}
            </button>
          </li>
        </ul>
        <p className={styles.said}>{edge.implied ? `The trigger names no step of its own: it starts what the workflow starts with.` : `Gone along when ${from.id} ends with ${edge.outcome}.`}</p>
        <Button title={titleOf('add')} disabled={!isEnabled(commandOf('add'), state)} icon={<Plus aria-hidden />} onClick={() => commandOf('add').run(editor)}>
          Insert a step
        </Button>
        {edge.implied ? null : (
          <Button title={titleOf('delete')} disabled={!isEnabled(commandOf('delete'), state)} icon={<Trash2 aria-hidden />} onClick={() => commandOf('delete').run(editor)}>
            Delete the arrow
          </Button>
        )}
      </div>
    </div>
  )
}

function selectedKey(state: Parameters<typeof selectedRef>[0]): string | null {
  const ref = selectedRef(state)
  return ref && typeof configOf(documentOf(state), ref)['type'] === 'string' ? keyOf(ref) : null
}

const alignIcons: readonly (readonly [string, LucideIcon])[] = [
  ['align-left', AlignStartVertical],
  ['align-center', AlignCenterVertical],
  ['align-right', AlignEndVertical],
  ['align-top', AlignStartHorizontal],
  ['align-middle', AlignCenterHorizontal],
  ['align-bottom', AlignEndHorizontal],
  ['distribute-x', AlignHorizontalDistributeCenter],
  ['distribute-y', AlignVerticalDistributeCenter],
]

function Several({ count }: { count: number }) {
  const editor = useEditor()
  const state = useEditorState((each) => each)
  return (
    <div className={styles.inspector}>
      <header className={styles.header}>
        <h2>{count} things selected</h2>
      </header>
      <div className={styles.form}>
        <div className={styles.align} role="toolbar" aria-label="Align">
          {alignIcons.map(([id, Icon]) => (
            <IconButton key={id} label={titleOf(id)} disabled={!isEnabled(commandOf(id), state)} onClick={() => commandOf(id).run(editor)}>
              <Icon aria-hidden />
            </IconButton>
          ))}
        </div>
        {['duplicate', 'copy', 'cut', 'disable', 'delete'].map((id) => (
          <Button key={id} title={titleOf(id)} disabled={!isEnabled(commandOf(id), state)} onClick={() => commandOf(id).run(editor)}>
            {commandOf(id).label}
          </Button>
        ))}
      </div>
    </div>
  )
}

/** The server's sentences for a place in the workflow file. */
function useProblemsBelow(base: readonly string[]): (path: readonly string[]) => readonly string[] {
  const file = fileOf(useEditorState((state) => state.id))
  const problems = useEditorState((state) => state.problems)
  const own = problems.filter((problem) => problem.file === file).map((problem) => ({ path: pathOf(problem.pointer).join('/'), message: problem.message }))
  return (path) => {
    const at = [...base, ...path].join('/')
    return own.filter((problem) => (path.length === 0 ? problem.path === at : problem.path === at || problem.path.startsWith(`${at}/`))).map((problem) => problem.message)
  }
}

const drawn = ['type', 'next', 'start']
const behaviour = ['name', 'notes', 'retry', 'timeout', 'disabled']
const filters = ['idempotencyKey', 'idempotencyWindow', 'when', 'dedupe', 'changed', 'throttle']

function NodeForm({ kind, id }: NodeRef) {
  const editor = useEditor()
  const document = useDocument()
  const [tab, setTab] = useState('settings')
  const readOnly = useEditorState((state) => lockOf(state) !== null)
  const toData = useEditorState((state) => state.toData)
  if (kind === 'trigger' && toData && tab !== 'data') setTab('data')
  const types = useEditorState((state) => (kind === 'step' ? state.catalog.steps : state.catalog.triggers))
  const sample = useSampleData()
  const ref = { kind, id }
  const config = configOf(document, ref)
  const type = types.get(textAt(config, 'type') ?? '')
  const place = useContext(FormPlace)
  const problems = useProblemsBelow(place)
  const fields = useEditorState((state) => state.fields)
  const ids = useIds(textAt(config, 'type'), Object.keys(stepsOf(document.workflow)), !readOnly)
  const scope = sample.scopeOf(kind === 'step' ? id : null)
  const change = (name: string, value: Json | undefined) => edit(editor, `Change ${id}: ${name}`, (old) => setValue(old, ref, [name], value), `${keyOf(ref)}/${name}`)
  const second = kind === 'step' ? behaviour : filters
  const hasSecond = second.some((name) => (config[name] !== undefined && name !== 'name') || isUnfinishedAt(fields, [...place, name]))
  const [hadSecond, setHadSecond] = useState(hasSecond) // what is emptied stays under the cursor
  if (hasSecond && !hadSecond) setHadSecond(true)
  const isScript = kind === 'step' && config['type'] === 'script'
  const isWebhook = kind === 'trigger' && config['type'] === 'webhook'
  const own = namesOf(type?.schema ?? {}).filter((name) => !drawn.includes(name) && !second.includes(name))
  const form = (names: 'own' | 'second') => (
    <Fields
      key={textAt(config, 'type')}
      schema={type?.schema ?? {}}
      value={config}
      onChange={change}
      problems={problems}
      ids={ids}
      path={[]}
      scope={scope}
      elsewhere={names === 'own' ? [...drawn, ...second, ...(isScript ? ['code', 'file', 'language'] : []), ...(isWebhook ? ['verify'] : [])] : [...drawn, ...own, ...Object.keys(config).filter((name) => !second.includes(name))]}
      disabled={readOnly}
    />
  )
  const settings = (
    <div className={styles.form} onBlur={() => seal(editor)}>
      <General problems={problems([])} fields={[...own, ...second, 'next', 'type', 'start']} all={problems} />
      {isScript ? <ScriptSource id={id} config={config} /> : form('own')}
      {isWebhook ? <VerifyForm config={config} schema={objectAt(type?.schema ?? {}, 'properties')['verify']} onChange={(value) => change('verify', value)} problems={problems} ids={ids} scope={scope} disabled={readOnly} /> : null}
      {kind === 'step' && config['type'] !== 'script' && (config['code'] !== undefined || config['file'] !== undefined) ? <Button onClick={() => openScript(editor, keyOf(ref))}>Open the script</Button> : null}
      <Leads from={ref} config={config} />
      <details className={styles.more} open={hadSecond}>
        <summary>{kind === 'step' ? 'Name, retries, time limit' : 'Filters'}</summary>
        <div className={styles.form}>{form('second')}</div>
      </details>
    </div>
  )
  return (
    <div className={styles.inspector}>
      <NodeHeader kind={kind} id={id} type={type} config={config} readOnly={readOnly} />
      {kind === 'trigger' ? (
        <div className={styles.tabs}>
          <Tabs
            label="Trigger"
            value={tab}
            onChange={setTab}
            tabs={[
              { id: 'settings', label: 'Settings', content: settings },
              { id: 'try', label: 'Try it', content: <TriggerPanel id={id} config={config} /> },
              { id: 'data', label: 'Data', content: <div className={styles.form}><SampleData step={null} /></div> },
            ]}
          />
        </div>
      ) : (
        <div className={styles.tabs}>
          <Split name="inspector" direction="column" initial={32} label="Border between the form and the data">
            {settings}
            <section className={styles.sample} aria-label="Recorded data">
              <h3>Data of a run</h3>
              <SampleData step={id} />
            </section>
          </Split>
        </div>
      )}
    </div>
  )
}

/** Problems of the step that belong to none of its fields. */
function General({ problems, fields, all }: { problems: readonly string[]; fields: readonly string[]; all: (path: readonly string[]) => readonly string[] }) {
  const other = ['next', 'type', 'start'].flatMap((name) => all([name]))
  const sentences = [...new Set([...problems, ...other])]
  if (sentences.length === 0 || fields.length === 0) return null
  return (
    <div role="alert" className={styles.problems}>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  )
}

function NodeHeader({ kind, id, type, config, readOnly }: NodeRef & { type: StepKind | undefined; config: JsonObject; readOnly: boolean }) {
  const editor = useEditor()
  return (
    <header className={styles.header}>
      <StepIcon icon={type?.icon} category={type?.category} />
      <div className={styles.titles}>
        <h2 className="visually-hidden">{`${kind} ${id}`}</h2>
        <IdField kind={kind} id={id} readOnly={readOnly} />
        <small title={type?.description ?? undefined}>{type?.title ?? textAt(config, 'type') ?? kind}</small>
      </div>
      <IconButton label="Show as JSON" onClick={() => editor.setState({ view: 'json' })}>
        <Braces aria-hidden />
      </IconButton>
      <IconButton label={`Delete ${id}`} disabled={readOnly} onClick={() => commandOf('delete').run(editor)}>
        <Trash2 aria-hidden />
      </IconButton>
    </header>
  )
}

/** The id; a new one counts when the field is left or Enter is pressed, and follows into everything that names it. */
function IdField({ kind, id, readOnly }: NodeRef & { readOnly: boolean }) {
  const editor = useEditor()
  const [draft, setDraft] = useState(id)
  const problem = draft === id ? null : idProblem(draft, { kind, id }, documentOf(editor.getState()))
  const end = () => {
    if (problem || draft === id) return setDraft(id)
    edit(editor, `Rename ${id}`, (document) => rename(document, { kind, id }, draft))
    editor.setState(({ fields }) => ({ fields: underNewId(fields, [`${kind}s`, id], [`${kind}s`, draft]) }))
    goTo(editor, keyOf({ kind, id: draft }))
  }
  return (
    <>
      <input
        className={styles.id}
        aria-label={`Id of the ${kind}`}
        aria-invalid={problem !== null}
        value={draft}
        readOnly={readOnly}
        spellCheck={false}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={end}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur()
          if (event.key === 'Escape') setDraft(id)
        }}
      />
      {problem ? (
        <small role="alert" className={styles.wrong}>
          {problem}
        </small>
      ) : null}
    </>
  )
}

function WorkflowForm() {
  const editor = useEditor()
  const { workflow } = useDocument()
  const catalog = useEditorState((state) => state.catalog)
  const id = useEditorState((state) => state.id)
  const readOnly = useEditorState((state) => lockOf(state) !== null)
  const sample = useSampleData()
  const problems = useProblemsBelow([])
  const ids = useIds(null, Object.keys(stepsOf(workflow)), !readOnly)
  const triggers = objectAt(workflow, 'triggers')
  const shown = isObject(workflow) ? workflow : {}
  return (
    <div className={styles.inspector}>
      <header className={styles.header}>
        <div className={styles.titles}>
          <h2>{textAt(workflow, 'name') ?? id}</h2>
          <small>{fileOf(id)}</small>
        </div>
      </header>
      <div className={styles.scroll}>
        <div className={styles.form} onBlur={() => seal(editor)}>
          {Object.keys(triggers).length > 0 ? (
            <ul className={styles.leads} aria-label="Triggers">
              {Object.keys(triggers).map((name) => (
                <li key={name}>
                  <span>{textAt(objectAt(triggers, name), 'type')}</span>
                  <ArrowUpRight aria-hidden />
                  <button type="button" onClick={() => goTo(editor, keyOf(triggerRef(name)))}>
                    {name}
                  </button>
                </li>
              ))}
            </ul>
          ) : null}
          <General problems={problems([])} fields={['']} all={() => []} />
          <Fields
            schema={catalog.schema}
            value={shown}
            onChange={(name, value) => edit(editor, `Change ${name}`, (old) => setProperty(old, [name], value), `workflow/${name}`)}
            problems={problems}
            ids={ids}
            path={[]}
            scope={sample.scopeOf(null)}
            elsewhere={['$schema', 'triggers', 'steps']}
            disabled={readOnly}
          />
        </div>
      </div>
    </div>
  )
}
