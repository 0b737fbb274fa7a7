import { RangeSetBuilder, type Extension } from '@codemirror/state'
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from '@codemirror/view'
import { partsOf } from '@/document/references'

const mark = Decoration.mark({ class: 'cm-expression' })

function marks(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const end = view.state.doc.length
  for (const part of partsOf(view.state.doc.toString())) if (part.expression) builder.add(part.at - 2, Math.min(part.at + part.text.length + 1, end), mark)
  return builder.finish()
}

/** Shows which parts of a text are `${expressions}`. */
const highlighted: Extension = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet

    constructor(view: EditorView) {
      this.decorations = marks(view)
    }

    update(update: ViewUpdate): void {
      if (update.docChanged) this.decorations = marks(update.view)
    }
  },
  { decorations: (plugin) => plugin.decorations },
)

/** The path of a value that is dragged from the data tree: `event.data.celsius`. */
export const pathType = 'text/x-path'

/** The field that had the focus last: values are put there from the data tree. */
let field: { view: EditorView; bare: boolean } | null = null

/** Puts a path behind the cursor of the field that had the focus last, in place of what is selected. @returns False when there is no such field, or it cannot be changed. */
export function putIntoField(path: string): boolean {
  if (!field || field.view.state.readOnly) return false
  const { from, to } = field.view.state.selection.main
  put(field.view, from, to, path, field.bare, 'input.paste')
  return true
}

/** Gives the focus back to it. */
export const backToField = (): void => field?.view.focus()

/** As `${path}`, or bare in code and inside of an expression. */
function put(view: EditorView, from: number, to: number, path: string, bare: boolean, userEvent: string): void {
  const inside = bare || partsOf(view.state.doc.toString()).some((part) => part.expression && part.at <= from && from <= part.at + part.text.length)
  const insert = inside ? path : `\${${path}}`
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent, scrollIntoView: true })
  view.focus()
}

/** Takes paths that are dropped, and those that are put into the field that had the focus last. */
const takesPaths = (bare: boolean): Extension =>
  ViewPlugin.define((view) => ({ destroy: () => void (field?.view === view && (field = null)) }), {
    eventHandlers: {
      focus(_, view) {
        field = { view, bare }
      },
      drop(event, view) {
        const path = event.dataTransfer?.getData(pathType)
        if (!path || view.state.readOnly) return false
        event.preventDefault()
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY }, false)
        put(view, at, at, path, bare, 'input.drop')
        return true
      },
    },
  })

export const expressionText: Extension = [highlighted, takesPaths(false)]
export const codeText: Extension = takesPaths(true)
