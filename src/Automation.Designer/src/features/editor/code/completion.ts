import { acceptCompletion, autocompletion, startCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { Prec, type Extension } from '@codemirror/state'
import { EditorView, hoverTooltip, keymap } from '@codemirror/view'
import type { Json } from '@/document/json'
import { member, partsOf } from '@/document/references'
import { shortText } from '@/document/summary'

/** What expressions and scripts see, by name; values as they were recorded. */
export type Scope = Readonly<Record<string, unknown>>

const path = String.raw`[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|(?:\?\.)?\[(?:\d+|"[^"\]]*"|'[^'\]]*')\])*`
const chain = new RegExp(String.raw`(${path})(\??\.|\[["']?)([\w$]*)$`)
const pathEnd = new RegExp(String.raw`(?<![\w$.)\]])${path}$`)
const alone = /(?:^|[^\w$.])([A-Za-z_$][\w$]*)?$/

/**
 * Completes names from recorded data.
 * @param code Gives the code before the place, or null where none stands there.
 * @param ids What may stand there as a whole, outside of code.
 */
export function completions(scope: Scope, code: (text: string, at: number) => string | null, ids: readonly string[] = []): Extension {
  const opened = EditorView.domEventHandlers({ focus: (_, view) => void (ids.length > 0 && view.state.doc.length === 0 && setTimeout(() => startCompletion(view))) })
  return [autocompletion({ override: [sourceOf(scope, code, ids)], icons: false, activateOnTyping: true }), hovers(scope, code), ids.length > 0 ? opened : [], Prec.high(keymap.of([{ key: 'Tab', run: acceptCompletion }]))]
}

/** What {@link completions} offers at a place. */
export const sourceOf =
  (scope: Scope, code: (text: string, at: number) => string | null, ids: readonly string[]) =>
  (context: CompletionContext): CompletionResult | null => {
    const before = code(context.state.doc.toString(), context.pos)
    if (before === null) return outside(context, scope, ids)
    const link = chain.exec(before)
    if (link) {
      const [, object = '', , typed = ''] = link
      const options = optionsOf(valueAt(scope, object))
      if (options.length === 0) return null
      const start = context.pos - typed.length - (link[2]?.length ?? 0)
      return { from: context.pos - typed.length, options: options.map((option) => ({ ...option, apply: applied(start) })), validFor: /^[\w$]*$/ }
    }
    const typed = alone.exec(before)?.[1] ?? ''
    if (typed === '' && !context.explicit && before.trim() !== '') return null
    return { from: context.pos - typed.length, options: optionsOf(scope), validFor: /^[\w$]*$/ }
  }

/** In plain text: ids as a whole, and when asked for what an expression may begin with. */
function outside(context: CompletionContext, scope: Scope, ids: readonly string[]): CompletionResult | null {
  const text = context.state.doc.toString()
  if (ids.length > 0 && !text.includes('${')) return { from: 0, to: text.length, options: ids.map((label) => ({ label, boost: 1 })), filter: text.slice(0, context.pos) !== '' }
  if (!context.explicit) return null
  const typed = /[\w$]*$/.exec(text.slice(0, context.pos))?.[0] ?? ''
  return { from: context.pos - typed.length, options: optionsOf(scope).map((option) => ({ ...option, apply: wrapped })), validFor: /^[\w$]*$/ }
}

/** Writes `${name}`, and goes on before the brace. */
const wrapped: NonNullable<Exclude<Completion['apply'], string>> = (view, { label }, from, to) => {
  view.dispatch({ changes: { from, to, insert: `\${${label}}` }, selection: { anchor: from + label.length + 2 }, userEvent: 'input.complete' })
}

/** Shows what was recorded for the name under the pointer. */
const hovers = (scope: Scope, code: (text: string, at: number) => string | null): Extension =>
  hoverTooltip((view, at) => {
    const text = view.state.doc.toString()
    const rest = /^[\w$]*/.exec(text.slice(at))?.[0] ?? ''
    const path = pathAt(code(text, at + rest.length) ?? '')
    const value = path === null ? undefined : valueAt(scope, path)
    if (path === null || value === undefined) return null
    return {
      pos: at + rest.length - path.length,
      end: at + rest.length,
      create: () => {
        const dom = document.createElement('pre')
        dom.className = 'cm-recorded'
        dom.textContent = `${path}: ${typeof value === 'object' ? '' : `${typeof value} `}${shortText(value as Json, 400)}`
        return { dom }
      },
    }
  }, { hideOnChange: true })

/** Writes `.name`, or `["odd name"]` where that is no JavaScript. */
const applied = (start: number): NonNullable<Exclude<Completion['apply'], string>> => (view, completion, _, to) => {
  const insert = member(/^\d+$/.test(completion.label) ? Number(completion.label) : completion.label)
  view.dispatch({ changes: { from: start, to, insert }, selection: { anchor: start + insert.length }, userEvent: 'input.complete' })
}

function optionsOf(value: unknown): Completion[] {
  if (Array.isArray(value)) return [...listMembers, ...value.slice(0, 3).map((item: Json, index) => ({ label: String(index), detail: typeAndValue(item), boost: -1 }))]
  if (typeof value === 'string') return textMembers
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value as Record<string, unknown>).map(([label, entry]) => ({ label, detail: typeAndValue(entry), type: 'property' }))
}

const method = (label: string): Completion => ({ label, detail: '()', boost: -5 })
const listMembers = ['length', 'map', 'filter', 'find', 'some', 'every', 'reduce', 'join', 'includes', 'at', 'slice'].map(method)
const textMembers = ['length', 'trim', 'split', 'includes', 'startsWith', 'endsWith', 'replaceAll', 'slice', 'toLowerCase', 'toUpperCase'].map(method)

/** A recorded value on one line; of what is large only what it is. */
export function typeAndValue(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return `list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'object'
  return shortText(value as Json, 28)
}

/** The path that ends where the code does: `event.data["odd name"]`. */
export const pathAt = (code: string): string | null => pathEnd.exec(code)?.[0] ?? null

/** What was recorded at a path; undefined for nothing. */
export function valueAt(scope: Scope, path: string): unknown {
  let at: unknown = scope
  for (const [, name, index, quoted] of path.matchAll(/(?:\??\.)?([A-Za-z_$][\w$]*)|\[(\d+)\]|\[["']([^"'\]]*)["']\]/g)) {
    const key = name ?? index ?? quoted
    if (key === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

/** Code stands between `${` and `}`. */
export function inExpressions(text: string, at: number): string | null {
  const part = partsOf(text).find((each) => each.expression && each.at <= at && at <= each.at + each.text.length)
  return part ? part.text.slice(0, at - part.at) : null
}

