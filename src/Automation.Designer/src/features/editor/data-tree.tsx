import { ChevronRight, CornerUpLeft } from 'lucide-react'
import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent } from 'react'
import { Link } from 'react-router'
import { member } from '@/document/references'
import { Select } from '@/ui/field'
import { Loading } from '@/ui/page'
import { moment } from '@/ui/time'
import { toast } from '@/ui/toast'
import { typeAndValue, valueAt, type Scope } from './code/completion'
import { backToField, pathType, putIntoField } from './code/expressions'
import styles from './data-tree.module.css'
import { testSample, useSampleData } from './sample'
import { useEditor, useEditorState } from './store'

/** The data of a recorded run or a test case: to be dragged into fields, or looked into. */
export function SampleData({ step }: { step: string | null }) {
  const editor = useEditor()
  const wanted = useEditorState((state) => state.toData)
  const { run, test, isPending, runs, tests, choose, scopeOf } = useSampleData()
  const data = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!wanted || isPending) return
    data.current?.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus()
    editor.setState({ toData: false })
  }, [wanted, isPending, editor])
  if (isPending) return <Loading rows={2} />
  if (!run && test === null && tests.length === 0) return <p className={styles.none}>No run is recorded yet. Send an event, or run the workflow by hand: then its data can be dragged into fields, and completes what you type.</p>
  const known = run && !runs.some((each) => each.id === run.id) ? [run, ...runs] : runs
  const samples = [
    ...(run || test !== null ? [] : [{ value: '', label: 'No run is recorded yet' }]),
    ...known.map((each) => ({ value: each.id, label: `${moment(each.createdAt)} · ${each.state}` })),
    ...tests.map((name) => ({ value: testSample(name), label: `Test case · ${name}` })),
  ]
  return (
    <div ref={data} className={styles.data}>
      <div className={styles.which}>
        <Select label="Run whose data is shown" value={test === null ? (run?.id ?? '') : testSample(test)} onChoose={choose} options={samples} />
        {run ? <Link to={`/runs/${run.id}`}>Open</Link> : null}
      </div>
      <Tree scope={scopeOf(step)} />
    </div>
  )
}

interface TreeState {
  /** The item that the Tab key goes to. */
  active: string
  isOpen: (path: string, name: string) => boolean
  toggle: (path: string) => void
  focused: (path: string) => void
}

/** Open at first, as they say most. */
const openNames = new Set(['event', 'input', 'data', 'output'])

/** A tree as WAI-ARIA has it: arrow keys walk and open, Enter puts the path into the field that had the focus, Escape goes back there. */
export function Tree({ scope }: { scope: Scope }) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const [focused, setFocused] = useState<string | null>(null)
  const names = Object.keys(scope).filter((name) => scope[name] !== undefined && name !== 'secret')
  const toggle = (path: string) => {
    const next = new Set(toggled)
    if (!next.delete(path)) next.add(path)
    setToggled(next)
    setFocused(path)
  }
  const tree: TreeState = { active: focused === null || valueAt(scope, focused) === undefined ? (names[0] ?? '') : focused, isOpen: (path, name) => openNames.has(name) !== toggled.has(path), toggle, focused: setFocused }
  return (
    <ul role="tree" className={styles.tree} aria-label="Data" onKeyDown={onKey}>
      {names.map((name) => (
        <Branch key={name} name={name} path={name} value={scope[name]} tree={tree} />
      ))}
    </ul>
  )
}

function onKey(event: KeyboardEvent<HTMLElement>): void {
  const item = event.target instanceof Element ? event.target.closest<HTMLElement>('[role=treeitem]') : null
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=treeitem]')]
  const go = (to: HTMLElement | null | undefined) => to?.focus()
  const press = (part: string) => item.querySelector<HTMLElement>(`:scope > div > [data-key=${part}]`)?.click()
  const isOpen = item.ariaExpanded
  const actions: Readonly<Record<string, () => void>> = {
    ArrowDown: () => go(items[items.indexOf(item) + 1]),
    ArrowUp: () => go(items[items.indexOf(item) - 1]),
    Home: () => go(items[0]),
    End: () => go(items.at(-1)),
    ArrowRight: () => (isOpen === 'false' ? press('toggle') : isOpen === 'true' ? go(items[items.indexOf(item) + 1]) : undefined),
    ArrowLeft: () => (isOpen === 'true' ? press('toggle') : go(item.parentElement?.closest<HTMLElement>('[role=treeitem]'))),
    ' ': () => press('toggle'),
    Enter: () => press('enter'),
    Escape: backToField,
  }
  const action = actions[event.key]
  if (!action) return
  event.preventDefault()
  event.stopPropagation()
  action()
}

const page = 100

function Branch({ name, path, value, tree }: { name: string; path: string; value: unknown; tree: TreeState }) {
  const [shown, setShown] = useState(page)
  const children: [string | number, unknown][] = Array.isArray(value) ? value.map((item: unknown, index) => [index, item]) : typeof value === 'object' && value !== null ? Object.entries(value) : []
  const isOpen = children.length > 0 && tree.isOpen(path, name)
  const drag = (event: DragEvent) => {
    event.stopPropagation()
    event.dataTransfer.setData(pathType, path)
    event.dataTransfer.setData('text/plain', path)
    event.dataTransfer.effectAllowed = 'copy'
  }
  const put = () => {
    if (!putIntoField(path)) toast('Go to a field first: the value is put where its cursor is.', 'bad')
  }
  return (
    <li
      role="treeitem"
      aria-label={`${name}: ${typeAndValue(value)}`}
      aria-expanded={children.length > 0 ? isOpen : undefined}
      tabIndex={tree.active === path ? 0 : -1}
      onFocus={(event) => {
        event.stopPropagation()
        tree.focused(path)
      }}
    >
      <div className={styles.row} draggable onDragStart={drag} title={`${path} – drag it into a field, or press Enter`}>
        <span data-key={children.length > 0 ? 'toggle' : undefined} className={children.length > 0 ? styles.branch : styles.leaf} onClick={children.length > 0 ? () => tree.toggle(path) : undefined}>
          {children.length > 0 ? <ChevronRight aria-hidden data-open={isOpen} /> : null}
          <span className={styles.name}>{name}</span>
          <span className={styles.value} data-type={value === null ? 'null' : typeof value}>
            {typeAndValue(value)}
          </span>
        </span>
        <button type="button" data-key="enter" tabIndex={-1} className={styles.put} aria-label={`Put ${path} into the field`} onMouseDown={(event) => event.preventDefault()} onClick={put}>
          <CornerUpLeft aria-hidden />
        </button>
      </div>
      {isOpen ? (
        <ul role="group">
          {children.slice(0, shown).map(([key, child]) => (
            <Branch key={key} name={String(key)} path={path + member(key)} value={child} tree={tree} />
          ))}
          {children.length > shown ? (
            <li role="treeitem" tabIndex={-1} aria-label={`${children.length - shown} more`}>
              <div className={styles.row}>
                <button type="button" data-key="enter" tabIndex={-1} className={styles.more} onClick={() => setShown(shown + 10 * page)}>
                  {children.length - shown} more
                </button>
              </div>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  )
}
