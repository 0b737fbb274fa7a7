import { X } from 'lucide-react'
import { useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { StepIcon } from '@/canvas/step-icon'
import type { StepKind } from '@/document/catalog'
import { configOf } from '@/document/edit'
import { triggersOf, waysOf } from '@/document/graph'
import { keysOf } from '@/document/json'
import { IconButton } from '@/ui/button'
import { Select, TextField } from '@/ui/field'
import { addAt } from './commands'
import styles from './palette.module.css'
import { useDocument, useEditor, useEditorState, type Where } from './store'

interface Entry {
  kind: 'step' | 'trigger'
  type: StepKind
}

const order = ['Triggers', 'Logic', 'Data', 'Actions', 'Devices', 'Connectors']

/** The catalogue of what can be added, with search: type and press Enter, click, or drag to the canvas. */
export function Palette({ where: asked }: { where: Where }) {
  const editor = useEditor()
  const catalog = useEditorState((state) => state.catalog)
  const document = useDocument()
  const hasTriggers = keysOf(triggersOf(document.workflow)).length > 0
  const [outcome, setOutcome] = useState(asked.kind === 'after' ? asked.outcome : null)
  const where = asked.kind === 'after' && outcome !== null ? { ...asked, outcome } : asked
  const ways = where.kind === 'after' ? waysOf(where.from.kind, configOf(document, where.from), catalog) : []
  const [search, setSearch] = useState('')
  const [active, setActive] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const entries = useMemo(() => found(catalog.steps, asked.kind === 'free' ? catalog.triggers : new Map<string, StepKind>(), search, hasTriggers), [catalog, asked.kind, search, hasTriggers])
  const close = () => {
    editor.setState({ adding: null })
    editor.canvas.current?.focus()
  }
  const choose = (entry: Entry | undefined) => entry && addAt(editor, entry.kind, entry.type.type, where)
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return
    event.stopPropagation() // no key that is pressed here is for the step that is selected
    const elsewhere = event.target instanceof Element && event.target.closest('button, select') !== null
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Escape') close()
    else if (elsewhere) return
    else if (event.key === 'Enter') choose(entries[active])
    else if (by !== undefined) {
      const next = Math.min(Math.max(active + by, 0), entries.length - 1)
      setActive(next)
      list.current?.querySelector(`[data-index="${next}"]`)?.scrollIntoView({ block: 'nearest' })
    } else return
    event.preventDefault()
  }
  return (
    <section className={styles.palette} aria-label="Add a step" onKeyDown={onKey}>
      <header className={styles.header}>
        <h2>{titleOf(where)}</h2>
        <IconButton label="Close" onClick={close}>
          <X aria-hidden />
        </IconButton>
      </header>
      {ways.length > 1 ? (
        <label className={styles.outcome}>
          Behind the outcome <Select label="Outcome" value={outcome ?? ''} onChoose={setOutcome} options={ways.map((way) => ({ value: way, label: way }))} />
        </label>
      ) : null}
      <TextField
        label="Search steps"
        type="search"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={entries[active] ? `palette-${active}` : undefined}
        autoFocus
        value={search}
        onChange={(event) => {
          setSearch(event.target.value)
          setActive(0)
        }}
      />
      <div ref={list} id="palette-list" role="listbox" aria-label="Steps" className={styles.list} tabIndex={-1}>
        {entries.length === 0 ? <p className={styles.none}>Nothing has this in its name. A script can do what no step does.</p> : null}
        {entries.map((entry, index) => {
          const { type } = entry
          const heading = search === '' && type.category !== entries[index - 1]?.type.category
          return (
            <div key={`${entry.kind}:${type.type}`} role="presentation">
              {heading ? (
                <div className={styles.group} aria-hidden>
                  {type.category}
                </div>
              ) : null}
              <div
                id={`palette-${index}`}
                data-index={index}
                role="option"
                aria-selected={index === active}
                className={styles.entry}
                draggable
                title={type.description ?? type.title}
                onDragStart={(event) => event.dataTransfer.setData('text/x-step-type', `${entry.kind}:${type.type}`)}
                onMouseMove={() => setActive(index)}
                onClick={() => choose(entry)}
              >
                <StepIcon icon={type.icon} category={type.category} size="small" />
                <span className={styles.words}>
                  <span>{type.title}</span>
                  <small>{type.description ?? type.type}</small>
                </span>
              </div>
            </div>
          )
        })}
      </div>
      <footer className={styles.footer}>↑ ↓ to choose, Enter to add, or drag to the canvas</footer>
    </section>
  )
}

const titleOf = (where: Where): string => (where.kind === 'edge' ? 'Insert on the arrow' : where.kind === 'after' ? `After ${where.from.id}${where.outcome === 'done' || where.outcome === 'start' ? '' : ` · ${where.outcome}`}` : 'Add')

/** Types whose name fits, best first; without a search all of them by category. */
function found(steps: ReadonlyMap<string, StepKind>, triggers: ReadonlyMap<string, StepKind>, search: string, triggersLast: boolean): Entry[] {
  const all: Entry[] = [...[...triggers.values()].map((type): Entry => ({ kind: 'trigger', type })), ...[...steps.values()].map((type): Entry => ({ kind: 'step', type }))]
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const rank = ({ type }: Entry): number => {
    const [title, id, text] = [type.title.toLowerCase(), type.type.toLowerCase(), (type.description ?? '').toLowerCase()]
    if (!words.every((word) => title.includes(word) || id.includes(word) || text.includes(word) || type.category.toLowerCase().includes(word))) return -1
    const [first = ''] = words
    if (id === words.join(' ') || title === words.join(' ')) return 4
    return title.startsWith(first) ? 3 : title.includes(first) || id.includes(first) ? 2 : 1
  }
  const groups = triggersLast ? [...order.slice(1), 'Triggers'] : order
  const place = ({ type }: Entry) => (groups.indexOf(type.category) + groups.length + 1) % (groups.length + 1)
  return all
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter(({ rank: fit }) => fit >= 0)
    .sort((a, b) => (words.length > 0 ? b.rank - a.rank : 0) || place(a.entry) - place(b.entry) || a.entry.type.title.localeCompare(b.entry.type.title))
    .map(({ entry }) => entry)
}
