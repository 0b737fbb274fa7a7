import { BaseEdge, getBezierPath, type Edge, type EdgeProps } from '@xyflow/react'
import { memo } from 'react'
import type { GraphEdge } from '@/document/graph'
import { useEdits } from './canvas-edits'
import styles from './outcome-edge.module.css'

export interface EdgeData extends Record<string, unknown> {
  edge: GraphEdge
  /** Said on the arrow. */
  label: string | null
  /** How often it was gone along; null where no run is drawn. */
  count: number | null
}

export type OutcomeEdgeType = Edge<EdgeData, 'outcome'>

export const OutcomeEdge = memo(function OutcomeEdge({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, selected, markerEnd }: EdgeProps<OutcomeEdgeType>) {
  const edits = useEdits()
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.3 })
  if (!data) return null
  const { edge, label, count } = data
  const run = count === null ? undefined : count > 0 ? 'taken' : 'untaken'
  const text = [label, count !== null && count > 1 ? `×${count}` : null].filter(Boolean).join(' ')
  return (
    <g className={styles.edge} data-outcome={edge.outcome} data-selected={selected ?? false} data-run={run}>
      <BaseEdge path={path} {...(markerEnd ? { markerEnd } : {})} interactionWidth={18} className={styles.path ?? ''} />
      {text ? (
        <text x={x} y={y - 7} textAnchor="middle" className={styles.label}>
          {text}
        </text>
      ) : null}
      {edits ? (
        <g
          className={styles.insert}
          transform={`translate(${x} ${y})`}
          onClick={(event) => {
            event.stopPropagation()
            edits.insert(edge)
          }}
        >
          <title>Insert a step here</title>
          <circle r={9} />
          <path d="M-4 0H4M0 -4V4" />
        </g>
      ) : null}
    </g>
  )
})
