import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { Ban, Check, CircleAlert, Clock, LoaderCircle, Maximize2, Minimize2, X, type LucideIcon } from 'lucide-react'
import { memo } from 'react'
import type { StepKind } from '@/document/catalog'
import type { GraphNode } from '@/document/graph'
import { textAt } from '@/document/json'
import { outcomeAt } from '@/document/layout'
import { summaryOf } from '@/document/summary'
import { span } from '@/ui/time'
import { useEdits } from './canvas-edits'
import type { StepOverlay, StepState } from './overlay'
import { StepIcon } from './step-icon'
import styles from './step-node.module.css'

export interface StepData extends Record<string, unknown> {
  node: GraphNode
  kind: StepKind | undefined
  /** How many mistakes it has. */
  problems: number
  overlay: StepOverlay | null
  /** Of a loop: how many steps it repeats, and whether they are hidden. */
  body: { steps: number; collapsed: boolean } | null
  /** Outcomes that lead somewhere, each with a space around, as ` done error `. */
  connected: string
  /** Drawn without what cannot be read from far. */
  plain: boolean
}

export type StepNodeType = Node<StepData, 'step'>

const stateIcons: Readonly<Record<StepState, LucideIcon | null>> = { untouched: null, running: LoaderCircle, waiting: Clock, succeeded: Check, failed: X, cancelled: Ban }

export const StepNode = memo(function StepNode(props: NodeProps<StepNodeType>) {
  return props.data.plain ? <PlainStep {...props} /> : <FullStep {...props} />
})

function PlainStep({ data: { node, kind, problems, overlay }, selected }: NodeProps<StepNodeType>) {
  return (
    <div className={styles.node} data-selected={selected} data-kind={node.kind} data-disabled={node.config['disabled'] === true} data-state={overlay?.state} data-broken={problems > 0}>
      <div className={styles.plain}>
        <StepIcon icon={kind?.icon} category={kind?.category} />
        <span>{textAt(node.config, 'name') ?? node.id}</span>
      </div>
    </div>
  )
}

function FullStep({ data, selected }: NodeProps<StepNodeType>) {
  const { node, kind, problems, overlay, body } = data
  const edits = useEdits()
  const name = textAt(node.config, 'name')
  const rows = node.outcomes.length > 1
  return (
    <div className={styles.node} data-selected={selected} data-kind={node.kind} data-disabled={node.config['disabled'] === true} data-state={overlay?.state} data-broken={problems > 0}>
      <div className={styles.head}>
        <StepIcon icon={kind?.icon} category={kind?.category} />
        <div className={styles.words}>
          <div className={styles.title}>{name ?? node.id}</div>
          <div className={styles.summary}>{overlay?.text ?? (name ? `${node.id} · ` : '') + (summaryOf(node.config, kind) || (kind?.title ?? node.type))}</div>
        </div>
        <Marks problems={problems} overlay={overlay} />
      </div>
      {body ? <Body id={node.id} body={body} /> : null}
      {node.kind === 'step' ? <Handle type="target" position={Position.Left} className={styles.input ?? ''} style={{ top: 28 }} /> : null}
      {node.outcomes.map((outcome) => (
        <div key={outcome}>
          {rows ? (
            <span className={styles.outcome} style={{ top: outcomeAt(node, outcome) }}>
              {outcome}
            </span>
          ) : null}
          <Handle
            id={outcome}
            type="source"
            position={Position.Right}
            className={styles.output ?? ''}
            style={{ top: outcomeAt(node, outcome) }}
            title={edits ? `${outcome}: drag to a step, or click to add one` : outcome}
            data-open={!data.connected.includes(` ${outcome} `)}
            {...(edits ? { onClick: () => edits.addAfter(node.key, outcome, null) } : {})}
          />
        </div>
      ))}
      {node.canFail ? (
        <Handle
          id="error"
          type="source"
          position={Position.Bottom}
          className={`${styles.output} ${styles.error}`}
          title={edits ? 'error: drag to a step, or click to add one' : 'error'}
          data-connected={data.connected.includes(' error ')}
          {...(edits ? { onClick: () => edits.addAfter(node.key, 'error', null) } : {})}
        />
      ) : null}
    </div>
  )
}

function Marks({ problems, overlay }: { problems: number; overlay: StepOverlay | null }) {
  const Icon = overlay ? stateIcons[overlay.state] : null
  return (
    <div className={styles.marks}>
      {problems > 0 ? (
        <span className={styles.problem} title={problems === 1 ? '1 problem' : `${problems} problems`}>
          <CircleAlert aria-label={problems === 1 ? '1 problem' : `${problems} problems`} />
        </span>
      ) : null}
      {Icon ? (
        <span className={styles.state} data-state={overlay?.state} title={overlay?.state}>
          <Icon aria-label={overlay?.state} />
        </span>
      ) : null}
      {overlay && (overlay.count ?? 0) > 1 ? <span className={styles.figure}>×{overlay.count}</span> : null}
      {overlay && (overlay.attempts ?? 0) > 1 ? <span className={styles.figure}>{overlay.attempts} tries</span> : null}
      {overlay?.durationMs !== undefined ? <span className={styles.figure}>{span(overlay.durationMs)}</span> : null}
    </div>
  )
}

function Body({ id, body }: { id: string; body: { steps: number; collapsed: boolean } }) {
  const edits = useEdits()
  const steps = body.steps === 1 ? '1 step' : `${body.steps} steps`
  if (body.steps === 0) return null
  if (!edits) return <span className={styles.body}>{steps}</span>
  const Icon = body.collapsed ? Maximize2 : Minimize2
  return (
    <button type="button" className={`${styles.body} nodrag`} title={body.collapsed ? 'Show the steps of the loop' : 'Hide the steps of the loop'} onClick={() => edits.setCollapsed(id, !body.collapsed)}>
      <Icon aria-hidden /> {steps}
    </button>
  )
}
