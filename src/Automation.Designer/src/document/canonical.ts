import { connectors, namesOf, shapeOf, type Catalog, type StepKind } from './catalog'
import { entriesOf, isFlat, isList, isObject, keysOf, Numeral, objectAt, textAt, type Json, type JsonObject } from './json'

const columns = 100
const workflowOrder = ['$schema', 'name', 'description', 'key', 'onKeyFailure', 'stateTtl', 'timeout', 'retention', 'input', 'output', 'triggers', 'steps', 'start', 'onError']
const stepOrder = ['type', 'name', 'notes', 'retry', 'timeout', 'disabled', 'next']

/** A workflow file's text in the one form that files are written in: docs/workflow-format.md, "Form". */
export function canonicalText(workflow: Json, catalog: Catalog): string {
  return text((writer) => {
    if (!isObject(workflow)) return writer.value(workflow, {})
    writer.object(workflow, workflowOrder, (name, value) => {
      const kinds = name === 'steps' ? catalog.steps : name === 'triggers' ? catalog.triggers : null
      if (kinds && isObject(value)) writer.object(value, [], (_, entry) => writeEntry(writer, entry, kinds))
      else writer.value(value, name === 'retention' ? shapeOf(objectAt(catalog.schema, 'properties')['retention']) : {})
    })
  })
}

/** Any JSON in the form of workflow files, with its names as they stand. */
export const plainText = (value: Json): string => text((writer) => (isObject(value) ? writer.object(value, [], (_, entry) => writer.value(entry, {})) : writer.value(value, {})))

/** Any JSON on as few lines as fit. */
export const compactText = (value: Json): string => text((writer) => writer.value(value, {})).trimEnd()

function text(write: (writer: Writer) => void): string {
  const writer = new Writer()
  write(writer)
  return `${writer.text}\n`
}

function writeEntry(writer: Writer, entry: Json, kinds: ReadonlyMap<string, StepKind>): void {
  if (!isObject(entry)) return writer.value(entry, {})
  const kind = kinds.get(textAt(entry, 'type') ?? '')
  const schema = kind && kind.category !== connectors ? kind.schema : null
  const order = schema ? namesOf(schema) : ['type', 'name', 'notes', ...keysOf(entry).filter((name) => !stepOrder.includes(name)), 'retry', 'timeout', 'disabled', 'next']
  writer.object(entry, order, (name, value) => {
    if (name === 'code' && isList(value)) writer.list(value, {}, false)
    else writer.value(value, name === 'next' ? {} : shapeOf(objectAt(kind?.schema ?? {}, 'properties')[name]))
  })
}

class Writer {
  text = ''
  private indent = 0
  private lineStart = 0

  value(value: Json, shape: JsonObject): void {
    if (isObject(value)) this.entries(ordered(value, namesOf(shape)), '{', '}', ' ', isFlat(value), (entry) => this.property(entry, (name, inner) => this.value(inner, shapeOf(objectAt(shape, 'properties')[name] ?? shape['additionalProperties']))))
    else if (isList(value)) this.list(value, shapeOf(shape['items']), isFlat(value))
    else this.text += value instanceof Numeral ? value.text : typeof value === 'string' ? quoted(value) : String(value)
  }

  /** Takes a line a property. */
  object(value: JsonObject, order: readonly string[], write: (name: string, value: Json) => void): void {
    this.entries(ordered(value, order), '{', '}', ' ', false, (entry) => this.property(entry, write))
  }

  list(items: readonly Json[], shape: JsonObject, oneLine: boolean): void {
    this.entries(items, '[', ']', '', oneLine, (item) => this.value(item, shape))
  }

  private property([name, value]: readonly [string, Json], write: (name: string, value: Json) => void): void {
    this.text += `${quoted(name)}: `
    write(name, value)
  }

  private entries<T>(entries: readonly T[], open: string, close: string, padding: string, oneLine: boolean, write: (entry: T) => void): void {
    const start = this.text.length
    this.text += open
    if (entries.length === 0) {
      this.text += close
      return
    }
    if (oneLine) {
      this.text += padding
      entries.forEach((entry, index) => {
        if (index > 0) this.text += ', '
        write(entry)
      })
      this.text += padding + close
      if (this.text.length - this.lineStart + 1 <= columns) return
      this.text = this.text.slice(0, start + 1)
    }
    this.indent++
    entries.forEach((entry, index) => {
      if (index > 0) this.text += ','
      this.line()
      write(entry)
    })
    this.indent--
    this.line()
    this.text += close
  }

  private line(): void {
    this.text += '\n'
    this.lineStart = this.text.length
    this.text += '  '.repeat(this.indent)
  }
}

function ordered(value: JsonObject, order: readonly string[]): (readonly [string, Json])[] {
  const place = new Map(order.map((name, at) => [name, at]))
  const at = (name: string) => place.get(name) ?? order.length
  return entriesOf(value).sort(([a], [b]) => at(a) - at(b))
}

const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f' }

// eslint-disable-next-line no-control-regex -- just these are escaped
const quoted = (value: string): string => `"${value.replaceAll(/["\\\u0000-\u001f\u007f]/g, (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
