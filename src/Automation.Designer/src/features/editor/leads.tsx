import { ArrowRight, CornerDownRight } from 'lucide-react'
import { lead, tidyStart } from '@/document/edit'
import { keyOf, nextOf, startOf, step, stepsOf, waysOf, type NodeRef } from '@/document/graph'
import { keysOf, textAt, type JsonObject } from '@/document/json'
import { IconButton } from '@/ui/button'
import { Select } from '@/ui/field'
import styles from './leads.module.css'
import { edit, goTo, lockOf, useDocument, useEditor, useEditorState } from './store'

/** Where each outcome of a step leads, or a trigger's start: to see, to follow and to change. */
export function Leads({ from, config }: { from: NodeRef; config: JsonObject }) {
  const editor = useEditor()
  const { workflow } = useDocument()
  const catalog = useEditorState((state) => state.catalog)
  const isLocked = useEditorState((state) => lockOf(state) !== null)
  const steps = keysOf(stepsOf(workflow))
  const own = from.kind === 'trigger' ? textAt(config, 'start') : null
  const next = from.kind === 'trigger' ? new Map([['start', [own ?? startOf(workflow)].filter((id) => id !== null)]]) : nextOf(config)
  const rows = waysOf(from.kind, config, catalog).flatMap((outcome) => {
    const targets = next.get(outcome) ?? []
    return targets.length > 0 ? targets.map((target, n) => ({ outcome, target, n, others: targets })) : [{ outcome, target: '', n: 0, others: targets }]
  })
  if (rows.length === 0) return null
  const change = (outcome: string, old: string, to: string) =>
    edit(editor, 'Connect', (document) => tidyStart(editor.getState().saved, lead(document, from, outcome, old === '' ? null : old, to === '' ? null : to)), `${keyOf(from)}/${outcome}`)
  return (
    <section aria-label={`What follows ${from.id}`}>
      <h3 className={styles.head}>What follows</h3>
      <ul className={styles.list}>
        {rows.map(({ outcome, target, n, others }) => (
          <li key={`${outcome} ${n}`} className={styles.row}>
            <span title={outcome}>{from.kind === 'trigger' ? 'starts with' : outcome}</span>
            <ArrowRight aria-hidden />
            <Select
              label={`${outcome} of ${from.id} leads to`}
              value={target}
              disabled={isLocked}
              onChoose={(to) => change(outcome, target, to)}
              options={[
                ...(from.kind === 'trigger' && target !== '' && own === null ? [] : [{ value: '', label: from.kind === 'trigger' && own !== null ? '– (what the workflow starts with)' : '–' }]),
                ...(target !== '' && !steps.includes(target) ? [{ value: target, label: `${target} (is not there)` }] : []),
                ...steps.filter((id) => id === target || (!others.includes(id) && (from.kind === 'trigger' || id !== from.id))).map((id) => ({ value: id, label: id })),
              ]}
            />
            {steps.includes(target) ? (
              <IconButton label={`Go to ${target}`} onClick={() => goTo(editor, keyOf(step(target)))}>
                <CornerDownRight aria-hidden />
              </IconButton>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  )
}
