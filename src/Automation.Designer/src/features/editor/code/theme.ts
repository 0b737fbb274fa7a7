import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''

const look = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'transparent', fontSize: '12.5px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--text)', padding: '6px 0' },
  '.cm-line': { padding: '0 9px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--muted)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--hover) 60%, transparent)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selected)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--warn-fill)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--selected)', outline: 'none' },
  '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '6px', backgroundColor: 'var(--raised)', boxShadow: 'var(--shadow)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12.5px', maxHeight: '220px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--selected)', color: 'var(--text)' },
  '.cm-completionDetail': { marginLeft: '12px', color: 'var(--muted)', fontStyle: 'normal' },
  '.cm-completionIcon': { display: 'none' },
  '.cm-recorded': { margin: '0', padding: '5px 9px', maxWidth: '460px', fontFamily: 'var(--mono)', fontSize: '12px', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
  '.cm-explained': { padding: '5px 9px', maxWidth: '480px', maxHeight: '260px', overflow: 'auto' },
  '.cm-explained pre': { margin: '0', fontFamily: 'var(--mono)', fontSize: '12px', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' },
  '.cm-explained pre + pre': { marginTop: '4px', color: 'var(--muted)' },
  '.cm-explained p': { margin: '4px 0 0', fontFamily: 'var(--font)', color: 'var(--muted)' },
  '.cm-tooltip.cm-completionInfo': { padding: '0' },
  '.cm-expression': { borderRadius: '3px', backgroundColor: 'var(--info-fill)', color: 'var(--info)' },
  '.cm-diagnostic': { padding: '4px 8px', maxWidth: '480px', fontFamily: 'var(--font)', overflowWrap: 'anywhere' },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--bad)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-diagnostic-warning': { borderLeft: '3px solid var(--warn)' },
  '.cm-diagnosticSource': { opacity: '0.75', fontSize: '11px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn)', textUnderlineOffset: '3px' },
  '.cm-lint-marker-error': { content: '"●"', color: 'var(--bad)' },
  '.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-placeholder': { color: 'var(--muted)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'light-dark(#6a3fc4, #b79cff)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--info)' },
  { tag: [tags.comment], color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b6e80, #5fc9dc)' },
  { tag: [tags.typeName, tags.className], color: 'light-dark(#9a4a00, #f7ad62)' },
  { tag: tags.function(tags.variableName), color: 'var(--accent)' },
])

/** What all code looks like, under a policy that takes only styles with a nonce. */
export const theme: Extension = [EditorView.cspNonce.of(nonce), look, syntaxHighlighting(colours)]
