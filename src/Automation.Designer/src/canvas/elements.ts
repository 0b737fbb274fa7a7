import { MarkerType, type Edge } from '@xyflow/react'
import type { Catalog } from '@/document/catalog'
import type { Layout, Point } from '@/document/document'
import { keyOf, refOf, step, type Graph, type GraphEdge, type GraphNode } from '@/document/graph'
import { textAt } from '@/document/json'
import { boxOf, sizeOf } from '@/document/layout'
import { handlesOf } from './handles'
import type { LoopFrameType } from './loop-frame'
import type { NoteNodeType } from './note-node'
import type { EdgeData } from './outcome-edge'
import type { Overlay } from './overlay'
import type { StepData, StepNodeType } from './step-node'

export type CanvasNode = StepNodeType | NoteNodeType | LoopFrameType
export type CanvasEdge = Edge<EdgeData, 'outcome'>

interface Drawn {
  graph: Graph
  places: ReadonlyMap<string, Point>
  layout: Layout
  catalog: Catalog
  selection: ReadonlySet<string>
  problems: ReadonlyMap<string, number>
  overlay: Overlay | null
  /** Whether steps are drawn without what cannot be read from far. */
  plain: boolean
}

/** What was drawn last, by id: what is the same is given again as the same object, so that it is not drawn anew. */
export interface Drawing {
  nodes: CanvasNode[]
  edges: CanvasEdge[]
}

export const emptyDrawing: Drawing = { nodes: [], edges: [] }

export function draw(drawn: Drawn, last: Drawing): Drawing {
  const hidden = hiddenOf(drawn.graph, drawn.layout)
  const before = new Map<string, CanvasNode>(last.nodes.map((node) => [node.id, node]))
  const beforeEdges = new Map(last.edges.map((edge) => [edge.id, edge]))
  const nodes = [...frames(drawn, hidden), ...notes(drawn), ...steps(drawn, hidden, before)].map((node) => keep(node, before.get(node.id)))
  const edges = drawn.graph.edges.filter((edge) => !hidden.has(edge.from) && !hidden.has(edge.to)).map((edge) => keepEdge(drawnEdge(edge, drawn), beforeEdges.get(edge.id)))
  return { nodes, edges }
}

/** Keys of the steps in loops that are collapsed. */
function hiddenOf(graph: Graph, layout: Layout): Set<string> {
  return new Set(layout.collapsed.flatMap((loop) => [...(graph.bodies.get(loop) ?? [])].map((id) => keyOf(step(id)))))
}

function steps({ graph, places, layout, catalog, selection, problems, overlay, plain }: Drawn, hidden: ReadonlySet<string>, before: ReadonlyMap<string, CanvasNode>): StepNodeType[] {
  const connected = new Map<string, string>()
  for (const edge of graph.edges) connected.set(edge.from, `${connected.get(edge.from) ?? ' '}${edge.outcome} `)
  return graph.nodes
    .filter((node) => !hidden.has(node.key))
    .map((node) => {
      const body = node.kind === 'step' ? graph.bodies.get(node.id) : undefined
      const data: StepData = {
        node,
        kind: (node.kind === 'step' ? catalog.steps : catalog.triggers).get(node.type),
        problems: problems.get(node.key) ?? 0,
        overlay: overlay ? (overlay.nodes.get(node.key) ?? { state: 'untouched' }) : null,
        body: body ? { steps: body.size, collapsed: layout.collapsed.includes(node.id) } : null,
        connected: connected.get(node.key) ?? ' ',
        plain,
      }
      const old = before.get(node.key)
      const size = sizeOf(node)
      const position = places.get(node.key) ?? { x: 0, y: 0 }
      const name = textAt(node.config, 'name') ?? node.id
      return {
        id: node.key,
        type: 'step',
        position,
        ...size,
        measured: size,
        handles: handlesOf(node),
        data: old?.type === 'step' && sameStep(old.data, data) ? old.data : data,
        selected: selection.has(node.key),
        zIndex: selection.has(node.key) ? 1 : 0,
        ariaLabel: `${node.kind} ${name}, ${data.kind?.title ?? node.type}${data.problems > 0 ? `, ${data.problems} problems` : ''}${data.overlay ? `, ${data.overlay.state}` : ''}`,
      }
    })
}

const sameStep = (a: StepData, b: StepData): boolean =>
  a.node.config === b.node.config &&
  a.kind === b.kind &&
  a.problems === b.problems &&
  a.connected === b.connected &&
  a.plain === b.plain &&
  a.node.outcomes.join() === b.node.outcomes.join() &&
  JSON.stringify([a.overlay, a.body]) === JSON.stringify([b.overlay, b.body])

function notes({ layout, selection }: Drawn): NoteNodeType[] {
  return Object.entries(layout.notes).map(([id, note]) => ({
    id: `note:${id}`,
    type: 'note',
    position: { x: note.x, y: note.y },
    width: note.width,
    height: note.height,
    data: { id, note },
    selected: selection.has(`note:${id}`),
    zIndex: -1,
    ariaLabel: `comment: ${note.text}`,
  }))
}

function frames({ graph, places }: Drawn, hidden: ReadonlySet<string>): LoopFrameType[] {
  const byKey = new Map<string, GraphNode>(graph.nodes.map((node) => [node.key, node]))
  return [...graph.bodies].flatMap(([loop, body]): LoopFrameType[] => {
    const inside = [...body].flatMap((id) => (hidden.has(keyOf(step(id))) ? [] : (byKey.get(keyOf(step(id))) ?? [])))
    const box = boxOf(inside, places)
    if (!box || hidden.has(keyOf(step(loop)))) return []
    return [
      {
        id: `frame:${loop}`,
        type: 'frame',
        position: { x: box.x - 22, y: box.y - 34 },
        width: box.width + 44,
        height: box.height + 58,
        data: { loop, repeats: byKey.get(keyOf(step(loop)))?.type === 'repeat' ? 'again and again by' : 'for each item of' },
        draggable: false,
        selectable: false,
        focusable: false,
        zIndex: -2 - body.size,
      },
    ]
  })
}

/** Whether the name of an outcome beside its handle is too far off to be read with the arrow's end. */
const farApart = (from: Point = { x: 0, y: 0 }, to: Point = { x: 0, y: 0 }): boolean => to.x < from.x || Math.hypot(to.x - from.x, to.y - from.y) > 520

function drawnEdge(edge: GraphEdge, { selection, overlay, places }: Drawn): CanvasEdge {
  const count = overlay ? (overlay.edges.get(edge.id) ?? 0) : null
  const error = edge.outcome === 'error'
  const said = error || (edge.outcome !== 'done' && edge.outcome !== 'start' && farApart(places.get(edge.from), places.get(edge.to)))
  const color = count ? (error ? 'var(--bad)' : 'var(--good)') : error ? 'var(--bad)' : 'var(--line-strong)'
  return {
    id: edge.id,
    type: 'outcome',
    source: edge.from,
    target: edge.to,
    sourceHandle: edge.outcome,
    data: { edge, label: said ? edge.outcome : null, count },
    selected: selection.has(edge.id),
    markerEnd: { type: MarkerType.ArrowClosed, markerUnits: 'userSpaceOnUse', width: 22, height: 22, color: selection.has(edge.id) ? 'var(--accent)' : color },
    ariaLabel: `${edge.outcome} of ${refOf(edge.from).id} leads to ${refOf(edge.to).id}`,
  }
}

function keep(node: CanvasNode, old: CanvasNode | undefined): CanvasNode {
  if (!old || old.type !== node.type) return node
  const unchanged =
    old.selected === node.selected &&
    old.position.x === node.position.x &&
    old.position.y === node.position.y &&
    old.width === node.width &&
    old.height === node.height &&
    !old.dragging &&
    (old.data === node.data || (node.type !== 'step' && JSON.stringify(old.data) === JSON.stringify(node.data)))
  return unchanged ? old : ({ ...node, ...(old.measured ? { measured: old.measured } : {}) } as CanvasNode)
}

function keepEdge(edge: CanvasEdge, old: CanvasEdge | undefined): CanvasEdge {
  const unchanged = old && old.selected === edge.selected && old.data?.label === edge.data?.label && old.data?.count === edge.data?.count && old.data?.edge.implied === edge.data?.edge.implied
  return unchanged ? old : edge
}
