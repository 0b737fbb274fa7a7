import { useRef, useState } from 'react'
import { configOf, lead, tidyStart } from '@/document/edit'
import { nextOf, startOf, stepsOf, waysOf, type NodeRef } from '@/document/graph'
import { keysOf, objectAt, textAt } from '@/document/json'
import { FormDialog } from '@/ui/dialog'
import { Labelled, Select, TextField } from '@/ui/field'
import styles from './dialogs.module.css'
import { documentOf, edit, selectedRef, useEditor, type EditorState } from './store'

/** Leads an outcome of what is selected to a step that is there: what dragging an arrow does, by keyboard. */
export function ConnectDialog({ onClose }: { onClose: () => void }) {
  const editor = useEditor()
  const [state] = useState(() => editor.getState())
  const ref = selectedRef(state)
  return ref ? <Connect state={state} from={ref} onClose={onClose} /> : null
}

function Connect({ state, from, onClose }: { state: EditorState; from: NodeRef; onClose: () => void }) {
  const editor = useEditor()
  const { workflow } = documentOf(state)
  const config = configOf(documentOf(state), from)
  const ways = waysOf(from.kind, config, state.catalog)
  const next = nextOf(config)
  const [outcome, setOutcome] = useState(() => ways.find((way) => (next.get(way) ?? []).length === 0) ?? ways[0] ?? '')
  const [search, setSearch] = useState('')
  const [active, setActive] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const led = from.kind === 'trigger' ? [textAt(config, 'start') ?? startOf(workflow)] : [from.id, ...(next.get(outcome) ?? [])]
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const found = keysOf(stepsOf(workflow))
    .filter((id) => !led.includes(id))
    .map((id) => ({ id, name: textAt(objectAt(stepsOf(workflow), id), 'name') }))
    .filter(({ id, name }) => words.every((word) => `${id} ${name ?? ''}`.toLowerCase().includes(word)))
  const connect = (to: string | undefined) => {
    if (to === undefined) return
    onClose()
    edit(editor, 'Connect', (document) => tidyStart(editor.getState().saved, lead(document, from, outcome, null, to)))
  }
  return (
    <FormDialog title={`Connect ${from.id}`} action="Connect" onClose={onClose} onSubmit={() => connect(found[active]?.id)}>
      {ways.length > 1 ? (
        <Labelled label="Outcome">
          {(id) => (
            <Select
              id={id}
              label="Outcome"
              value={outcome}
              options={ways.map((way) => ({ value: way, label: next.get(way)?.length ? `${way}, leads to ${next.get(way)?.join(' and ')}` : way }))}
              onChoose={(way) => {
                setOutcome(way)
                setActive(0)
              }}
            />
          )}
        </Labelled>
      ) : null}
      <Labelled label="Step">
        {(id) => (
          <TextField
            id={id}
            label="Part of its id or name"
            type="search"
            role="combobox"
            autoComplete="off"
            aria-expanded
            aria-controls="connect-list"
            aria-activedescendant={found[active] ? `connect-${active}` : undefined}
            value={search}
            onChange={(event) => {
              setSearch(event.target.value)
              setActive(0)
            }}
            onKeyDown={(event) => {
              const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
              if (event.key === 'Escape') onClose() // else it would only empty the field
              else if (by !== undefined) {
                const at = Math.min(Math.max(active + by, 0), found.length - 1)
                setActive(at)
                list.current?.children[at]?.scrollIntoView({ block: 'nearest' })
              } else return
              event.preventDefault()
            }}
          />
        )}
      </Labelled>
      <div ref={list} id="connect-list" role="listbox" aria-label="Steps" className={`${styles.commands} ${styles.targets}`}>
        {found.map(({ id, name }, index) => (
          <div key={id} id={`connect-${index}`} role="option" aria-selected={index === active} onMouseMove={() => setActive(index)} onClick={() => connect(id)}>
            <span>{id}</span>
            {name === null ? null : <small>{name}</small>}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p>{words.length > 0 ? 'No other step has this in its id or name.' : 'It leads to every other step already.'}</p> : null}
    </FormDialog>
  )
}
