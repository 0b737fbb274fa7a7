import { Plus, RotateCcw, X } from 'lucide-react'
import { createContext, useContext, useId, useMemo, useState, type MouseEvent, type ReactNode } from 'react'
import { entriesOf, isList, isObject, keysOf, Numeral, objectAt, objectOf, pointerOf, withProperty, without, type Json, type JsonObject } from '@/document/json'
import type { UnfinishedField } from '@/parts/drafts'
import { Button, IconButton } from '@/ui/button'
import { Select, TextField } from '@/ui/field'
import type { Scope } from '../code/completion'
import { setField, useEditor, useEditorState } from '../store'
import { isUnfinishedAt } from '../unfinished-fields'
import styles from './form.module.css'
import { entriesProblem, entryValue, type Entry } from './entries'
import { fieldOf, placeholderOf, textProblem, type FieldShape } from './kinds'
import { ExpressionInput, useDraft } from './expression-input'
import { isLarge, textOf, valueOf } from './value-text'

export interface FieldProps {
  name: string
  schema: Json | undefined
  value: Json | undefined
  /** Undefined takes the property out. */
  onChange: (value: Json | undefined) => void
  required?: boolean
  /** What the server says of it. */
  problems: (path: readonly string[]) => readonly string[]
  /** Ids that may stand there. */
  ids: (path: readonly string[]) => readonly string[]
  path: readonly string[]
  scope: Scope
  disabled?: boolean
}

/** Where the values of a form stand in the workflow: below `steps/pack`. */
export const FormPlace = createContext<readonly string[]>([])

/** One property as a form has it: name, input, help, what is wrong. */
export function Field(props: FieldProps) {
  const { name, schema, value, onChange, required = false, problems, path, disabled } = props
  const id = useId()
  const field = useMemo(() => fieldOf(schema), [schema])
  const editor = useEditor()
  const pointer = pointerOf([...useContext(FormPlace), ...path])
  const unfinished = useEditorState((state) => state.fields[pointer])
  const help = isObject(schema) && typeof schema['description'] === 'string' ? schema['description'] : null
  const wrong = [...(unfinished ? [unfinished.problem] : []), ...(field.kind === 'object' && isObject(value) ? [] : problems(path))]
  const takeOut = ({ currentTarget }: MouseEvent<HTMLElement>) => {
    const group = currentTarget.closest('[role=group]')
    setField(editor, pointer, '', null)
    if (value !== undefined) onChange(undefined)
    requestAnimationFrame(() => group?.querySelector<HTMLElement>('.cm-content, input, select, button')?.focus()) // the button is gone
  }
  return (
    <div className={styles.field} role="group" aria-labelledby={id} data-path={path.join('/')}>
      <div className={styles.label}>
        <span id={id}>{wordsOf(name)}</span>
        {required ? <em>needed</em> : null}
        {!required && (value !== undefined || unfinished) && !disabled ? (
          <IconButton label={`Take ${wordsOf(name)} out`} className={styles.reset} onClick={takeOut}>
            <RotateCcw aria-hidden />
          </IconButton>
        ) : null}
      </div>
      <Input {...props} field={field} typed={unfinished?.typed} onTyped={(typed, problem) => setField(editor, pointer, typed, problem)} />
      {wrong.map((sentence) => (
        <p key={sentence} className={styles.wrong} role="alert">
          {sentence}
        </p>
      ))}
      {help ? <p className={styles.help}>{help}</p> : null}
    </div>
  )
}

/** `clearBelow` as people read it: clear below. */
export const wordsOf = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`)

interface InputProps extends FieldProps {
  field: FieldShape
  /** What was typed and cannot be read yet. */
  typed: UnfinishedField['typed'] | undefined
  /** Something was typed. @param problem Why it cannot be read, and so is no value; null where it can. */
  onTyped: (typed: UnfinishedField['typed'], problem: string | null) => void
}

function Input(props: InputProps): ReactNode {
  const { field, value, name, onChange, typed, onTyped } = props
  if (isUnfit(field, value) || (field.kind === 'truth' && field.expression && props.required)) return <AnyInput {...props} />
  switch (field.kind) {
    case 'choice':
      return <ChoiceInput {...props} options={field.choices} read={(text) => text} />
    case 'truth':
      return <ChoiceInput {...props} options={['true', 'false']} read={(text) => (text === 'true' ? true : text === 'false' ? false : text)} />
    case 'object':
      return <ObjectInput {...props} />
    case 'list':
      return <ListInput {...props} />
    case 'map':
      return <MapInput {...props} />
    case 'any':
      return <AnyInput {...props} />
    default:
      return (
        <TextInput
          label={wordsOf(name)}
          scope={props.scope}
          ids={props.ids(props.path)}
          placeholder={placeholderOf(field)}
          disabled={props.disabled ?? false}
          quiet={props.problems(props.path).length > 0}
          unfinished={textIn(typed)}
          isRead={(text) => textProblem(field, text) === null}
          text={value === undefined || value === null ? '' : value instanceof Numeral ? value.text : String(value as string | number)}
          onText={(text) => {
            const problem = textProblem(field, text)
            onTyped(text, problem)
            if (text === '') onChange(undefined)
            else if (!problem) onChange(field.kind === 'number' && !text.includes('${') ? numberOf(text) : text)
          }}
        />
      )
  }
}

function numberOf(text: string): Json {
  const meant = valueOf(text.trim())
  return 'value' in meant && (typeof meant.value === 'number' || meant.value instanceof Numeral) ? meant.value : Number(text)
}

/** Whether a value is of another kind than its field: then it is written as JSON, so that nothing is lost. */
function isUnfit({ kind }: FieldShape, value: Json | undefined): boolean {
  if (value === undefined || value === null) return false
  if (kind === 'object') return !isObject(value)
  if (kind === 'map') return !isObject(value)
  if (kind === 'list') return !isList(value) || value.some((entry) => typeof entry !== 'string')
  return kind !== 'any' && isLarge(value)
}

function TextInput({ label, text, unfinished, isRead = () => true, onText, ...rest }: { label: string; text: string; unfinished?: string | undefined; isRead?: (text: string) => boolean; onText: (text: string) => void; scope: Scope; placeholder: string; ids: readonly string[]; disabled: boolean; quiet?: boolean; autoFocus?: boolean }) {
  const [draft, setDraft] = useDraft(text)
  return (
    <ExpressionInput
      {...rest}
      label={label}
      text={unfinished ?? draft}
      onText={(next) => {
        if (isRead(next)) setDraft(next)
        onText(next)
      }}
    />
  )
}

function ChoiceInput({ name, value, onChange, options, read, field, scope, ids, path, problems, disabled }: InputProps & { options: readonly string[]; read: (text: string) => Json }) {
  const text = value === undefined || value === null ? '' : String(value as string)
  const expression = text.includes('${')
  const fallback = placeholderOf(field)
  return (
    <>
      <Select
        label={wordsOf(name)}
        value={expression ? '${' : text}
        disabled={disabled ?? false}
        onChoose={(next) => onChange(next === '' ? undefined : next === '${' ? '${}' : read(next))}
        options={[
          { value: '', label: fallback === '' ? '–' : `${fallback} (when left out)` },
          ...options.map((option) => ({ value: option, label: option })),
          ...(text !== '' && !expression && !options.includes(text) ? [{ value: text, label: text }] : []),
          ...(field.expression ? [{ value: '${', label: 'an expression …' }] : []),
        ]}
      />
      {expression ? <TextInput label={wordsOf(name)} text={text} onText={onChange} scope={scope} ids={ids(path)} placeholder="" disabled={disabled ?? false} quiet={problems(path).length > 0} /> : null}
    </>
  )
}

function AnyInput({ name, value, onChange, typed, onTyped, field, scope, ids, path, problems, disabled = false }: InputProps) {
  const [draft, setDraft] = useDraft(textOf(value), (text) => sameValue(text, value))
  return (
    <ExpressionInput
      anything
      label={wordsOf(name)}
      text={textIn(typed) ?? draft}
      scope={scope}
      ids={ids(path)}
      placeholder={placeholderOf(field) || 'text, ${expression} or JSON'}
      disabled={disabled}
      quiet={problems(path).length > 0}
      onText={(text) => {
        const meant = valueOf(text)
        onTyped(text, 'problem' in meant ? meant.problem : null)
        if ('problem' in meant) return
        setDraft(text)
        onChange(meant.value)
      }}
    />
  )
}

const textIn = (typed: UnfinishedField['typed'] | undefined): string | undefined => (typeof typed === 'string' ? typed : undefined)

function sameValue(draft: string, value: Json | undefined): boolean {
  const meant = valueOf(draft)
  return !('problem' in meant) && JSON.stringify(meant.value) === JSON.stringify(value)
}

function ObjectInput({ field, value, onChange, problems, ids, path, scope, disabled }: InputProps) {
  const object = isObject(value) ? value : null
  if (!object) {
    return (
      <Button className={styles.add} disabled={disabled} icon={<Plus aria-hidden />} onClick={() => onChange({})}>
        Set
      </Button>
    )
  }
  return (
    <div className={styles.nested}>
      <Fields schema={field.schema} value={object} onChange={(name, next) => onChange(changed(object, name, next))} problems={problems} ids={ids} path={path} scope={scope} disabled={disabled ?? false} />
    </div>
  )
}

const changed = (object: JsonObject, name: string, next: Json | undefined): JsonObject => (next === undefined ? without(object, name) : withProperty(object, name, next))

function ListInput({ name, value, onChange, scope, ids, path, disabled = false }: InputProps) {
  const items = isList(value) ? value.map(String) : []
  const set = (next: readonly string[]) => onChange(next.length > 0 ? next : undefined)
  return (
    <div className={styles.rows}>
      {items.map((item, index) => (
        <div key={index} className={styles.row}>
          <div className={styles.cell}>
            <TextInput label={`${wordsOf(name)} ${index + 1}`} text={item} onText={(next) => set(items.map((each, at) => (at === index ? next : each)))} scope={scope} ids={ids(path)} placeholder="" disabled={disabled} autoFocus={item === ''} />
          </div>
          <IconButton label={`Take ${item || 'this'} out`} disabled={disabled} onClick={() => set(items.filter((_, at) => at !== index))}>
            <X aria-hidden />
          </IconButton>
        </div>
      ))}
      <Button className={styles.add} disabled={disabled} icon={<Plus aria-hidden />} onClick={() => set([...items, ''])}>
        Add
      </Button>
    </div>
  )
}

function MapInput({ name, value, onChange, typed, onTyped, field, scope, ids, path, disabled = false }: InputProps) {
  const isText = objectAt(field.schema, 'additionalProperties')['type'] === 'string'
  const given = isObject(value) ? entriesOf(value).map(([key, entry]): Entry => [key, isText && typeof entry === 'string' ? entry : textOf(entry)]) : []
  const [read, setRead] = useState<readonly Entry[]>(given)
  const rows = typeof typed === 'object' ? typed : read
  const [known, setKnown] = useState(JSON.stringify(given))
  if (known !== JSON.stringify(given)) {
    setKnown(JSON.stringify(given))
    if (isText ? JSON.stringify(read.filter(([key]) => key !== '')) !== JSON.stringify(given) : JSON.stringify(read.filter(([key]) => key !== '').map(([key, text]) => [key, entryValue(text)])) !== JSON.stringify(given.map(([key, text]) => [key, entryValue(text)]))) setRead(given)
  }
  const set = (next: readonly Entry[]) => {
    const problem = entriesProblem(next, isText)
    onTyped(next, problem)
    if (problem !== null) return
    setRead(next)
    const named = next.filter(([key]) => key !== '')
    onChange(named.length > 0 ? objectOf(named.map(([key, text]) => [key, isText ? text : entryValue(text)])) : undefined)
  }
  const begin = (next: readonly Entry[]) => (typed === undefined ? setRead(next) : onTyped(next, entriesProblem(next, isText)))
  const put = (index: number, row: Entry) => set(rows.map((each, at) => (at === index ? row : each)))
  return (
    <div className={styles.rows}>
      {rows.map(([key, text], index) => (
        <div key={index} className={styles.pair}>
          <TextField label="name" value={key} disabled={disabled} autoFocus={key === '' && text === ''} onChange={(event) => put(index, [event.target.value, text])} />
          <div className={styles.cell}>
            <TextInput label={`${wordsOf(name)} ${key}`} text={text} onText={(next) => put(index, [key, next])} scope={scope} ids={ids(path)} placeholder="" disabled={disabled} />
          </div>
          <IconButton label={`Take ${key || 'this'} out`} disabled={disabled} onClick={() => set(rows.filter((_, at) => at !== index))}>
            <X aria-hidden />
          </IconButton>
        </div>
      ))}
      <Button className={styles.add} disabled={disabled} icon={<Plus aria-hidden />} onClick={() => begin([...rows, ['', '']])}>
        Add
      </Button>
    </div>
  )
}

interface FieldsProps {
  schema: JsonObject
  value: JsonObject
  onChange: (name: string, value: Json | undefined) => void
  problems: FieldProps['problems']
  ids: FieldProps['ids']
  path: readonly string[]
  scope: Scope
  /** Properties that are shown elsewhere. */
  elsewhere?: readonly string[]
  disabled: boolean
}

/** All properties of an object: first those that are needed, set, or were since the form is shown, the others when asked for. What the schema does not know can be edited too. */
export function Fields({ schema, value, onChange, problems, ids, path, scope, elsewhere = [], disabled }: FieldsProps) {
  const [open, setOpen] = useState(false)
  const place = useContext(FormPlace)
  const fields = useEditorState((state) => state.fields)
  const properties = objectAt(schema, 'properties')
  const seen = useSeen([...new Set([...keysOf(value), ...keysOf(properties).filter((name) => isUnfinishedAt(fields, [...place, ...path, name]))])])
  const required = schema['required']
  const isRequired = (name: string) => isList(required) && required.includes(name)
  const known = Object.keys(properties).filter((name) => !elsewhere.includes(name))
  const unknown = seen.filter((name) => !Object.hasOwn(properties, name) && !elsewhere.includes(name))
  const few = known.length <= 4
  const first = known.filter((name) => few || isRequired(name) || seen.includes(name))
  const rest = known.filter((name) => !first.includes(name))
  const show = (name: string) => (
    <Field key={name} name={name} schema={properties[name]} value={value[name]} onChange={(next) => onChange(name, next)} required={isRequired(name)} problems={problems} ids={ids} path={[...path, name]} scope={scope} disabled={disabled} />
  )
  return (
    <>
      {known.filter((name) => first.includes(name) || open).map(show)}
      {unknown.map(show)}
      {rest.length > 0 ? (
        <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Show less' : `${rest.length} more: ${rest.map(wordsOf).join(', ')}`}
        </button>
      ) : null}
    </>
  )
}

/** Names that are there, or were since this is shown: a field that is emptied stays under the cursor. */
function useSeen(names: readonly string[]): readonly string[] {
  const [seen, setSeen] = useState(names)
  const added = names.filter((name) => !seen.includes(name))
  if (added.length === 0) return seen
  const all = [...seen, ...added]
  setSeen(all)
  return all
}
