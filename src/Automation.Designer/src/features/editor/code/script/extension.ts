import { acceptCompletion, autocompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete'
import { Facet, Prec, type EditorState, type Extension } from '@codemirror/state'
import { hoverTooltip, keymap } from '@codemirror/view'
import type { Json } from '@/document/json'
import { scopeNames } from '@/document/script-scope'
import { shortText } from '@/document/summary'
import { pathAt, typeAndValue, valueAt, type Scope } from '../completion'
import { ask } from './client'
import type { ScriptText } from './prepared'
import type { Explanation, Suggestion } from './service'

/** All about the script that is edited but its text. */
export type Script = Omit<ScriptText, 'text'> & { recorded: Scope }

const script = Facet.define<Script, Script | null>({ combine: (values) => values[0] ?? null })

/** Completes and explains by what TypeScript knows; beside a name stands what was recorded for it. */
export const scriptKnowledge = (given: Script): Extension => [script.of(given), shown]

function textOf(state: EditorState): { given: ScriptText; recorded: Scope } | null {
  const found = state.facet(script)
  if (!found) return null
  const { kind, language, scope, recorded } = found
  return { given: { text: state.doc.toString(), kind, language, scope }, recorded }
}

const ranks: readonly string[] = scopeNames

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const known = textOf(context.state)
  const typed = context.matchBefore(/[\w$]*/)
  if (!known || !typed) return null
  const member = context.matchBefore(/\??\.\s*[\w$]*/)
  if (!member && typed.from === typed.to && !context.explicit) return null
  const found = await ask('suggestions', known.given, context.pos).catch(() => [])
  if (context.aborted || found.length === 0) return null
  const before = context.state.sliceDoc(Math.max(0, typed.from - 300), typed.from)
  const object = member ? pathAt(before.replace(/\??\.\s*$/, '')) : null
  const recorded: unknown = member ? (object === null ? undefined : valueAt(known.recorded, object)) : known.recorded
  const at = context.pos
  return { from: typed.from, options: found.map((each) => option(each, recorded, typed.from, () => ask('details', known.given, at, each.name))), validFor: /^[\w$]*$/ }
}

function option({ name, insert, from, kind, rank }: Suggestion, recorded: unknown, start: number, details: () => Promise<Explanation | null>): Completion {
  const isRecorded = typeof recorded === 'object' && recorded !== null && !Array.isArray(recorded) && Object.hasOwn(recorded, name)
  const value = isRecorded ? (recorded as Record<string, unknown>)[name] : undefined
  return {
    label: name,
    detail: isRecorded ? typeAndValue(value) : kind === 'method' || kind === 'function' ? '()' : '',
    boost: ranks.includes(name) ? 2 : isRecorded ? 1 : 11 - rank,
    info: async () => {
      const found = await details().catch(() => null)
      return found ? { dom: explained(found, undefined) } : null
    },
    ...(insert === null ? {} : { apply: (view, _, __, to) => view.dispatch({ changes: { from: from ?? start, to, insert }, selection: { anchor: (from ?? start) + insert.length }, userEvent: 'input.complete' }) }),
  }
}

function explained({ type, documentation }: Explanation, value: string | undefined): HTMLElement {
  const dom = document.createElement('div')
  dom.className = 'cm-explained'
  for (const [name, text] of [['pre', type], ['p', documentation], ['pre', value]] as const) {
    if (!text) continue
    const part = document.createElement(name)
    part.textContent = text
    dom.append(part)
  }
  return dom
}

const shown: Extension = [
  autocompletion({ override: [complete], icons: false }),
  Prec.high(keymap.of([{ key: 'Tab', run: acceptCompletion }])),
  hoverTooltip(async (view, at) => {
    const known = textOf(view.state)
    const found = known && (await ask('explanation', known.given, at).catch(() => null))
    if (!known || !found || view.state.doc.toString() !== known.given.text) return null
    const path = pathAt(view.state.sliceDoc(Math.max(0, found.to - 300), found.to))
    const value = path === null ? undefined : valueAt(known.recorded, path)
    if (found.type === 'any' && value === undefined) return null
    return { pos: found.from, end: found.to, create: () => ({ dom: explained(found, value === undefined ? undefined : `recorded: ${shortText(value as Json, 400)}`) }) }
  }, { hideOnChange: true }),
]
