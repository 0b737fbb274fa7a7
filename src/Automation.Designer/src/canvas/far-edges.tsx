import { getBezierPath, ViewportPortal } from '@xyflow/react'
import { memo, useMemo } from 'react'
import type { CanvasEdge, CanvasNode } from './elements'
import styles from './far-edges.module.css'
import { handlesOf, touch } from './handles'

/** All arrows as few paths: from far, where none can be told from another, hundreds of them cost as much as one. */
export const FarEdges = memo(function FarEdges({ nodes, edges }: { nodes: readonly CanvasNode[]; edges: readonly CanvasEdge[] }) {
  const { box, paths } = useMemo(() => drawn(nodes, edges), [nodes, edges])
  return (
    <ViewportPortal>
      <svg className={styles.edges} viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`} style={{ left: box.x, top: box.y, width: box.width, height: box.height }} aria-hidden>
        {[...paths].map(([look, path]) => (
          <path key={look} data-look={look} d={path} />
        ))}
      </svg>
    </ViewportPortal>
  )
})

type Look = 'plain' | 'error' | 'taken' | 'untaken' | 'selected'

const lookOf = ({ data, selected }: CanvasEdge): Look =>
  selected ? 'selected' : data?.edge.outcome === 'error' && data.count !== 0 ? 'error' : data?.count ? 'taken' : data?.count === 0 ? 'untaken' : 'plain'

function drawn(nodes: readonly CanvasNode[], edges: readonly CanvasEdge[]) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const paths = new Map<Look, string>()
  for (const edge of edges) {
    const from = end(byId.get(edge.source), edge.sourceHandle ?? 'done')
    const to = end(byId.get(edge.target), null)
    if (!from || !to) continue
    const [path] = getBezierPath({ sourceX: from.x, sourceY: from.y, sourcePosition: from.position, targetX: to.x, targetY: to.y, targetPosition: to.position, curvature: 0.3 })
    const look = lookOf(edge)
    paths.set(look, `${paths.get(look) ?? ''}${path}`)
  }
  const [left, top] = [Math.min(...nodes.map((node) => node.position.x)), Math.min(...nodes.map((node) => node.position.y))]
  const [right, bottom] = [Math.max(...nodes.map((node) => node.position.x + (node.width ?? 0))), Math.max(...nodes.map((node) => node.position.y + (node.height ?? 0)))]
  return { box: { x: left, y: top, width: right - left, height: bottom - top }, paths }
}

/** Where an arrow touches a node. @param outcome Null for the end that comes in. */
function end(node: CanvasNode | undefined, outcome: string | null) {
  if (node?.type !== 'step') return null
  const handle = handlesOf(node.data.node).find((each) => (outcome === null ? each.type === 'target' : each.id === outcome))
  if (!handle) return null
  const { x, y } = touch(handle)
  return { x: node.position.x + x, y: node.position.y + y, position: handle.position }
}
