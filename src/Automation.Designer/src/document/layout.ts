import { Graph as Dagre, layout as run } from '@dagrejs/dagre'
import type { Layout, Point } from './document'
import type { Graph, GraphEdge, GraphNode } from './graph'

export interface Size {
  width: number
  height: number
}

const width = 216
const between = 64
const head = 56
const row = 22

/** How large a node is drawn: outcomes take a row each when there is more than one. */
export const sizeOf = (node: Pick<GraphNode, 'outcomes'>): Size => ({ width, height: head + (node.outcomes.length > 1 ? node.outcomes.length * row + 6 : 0) })

/** Height of the middle of an outcome's row from the node's top. */
export const outcomeAt = (node: Pick<GraphNode, 'outcomes'>, outcome: string): number => (node.outcomes.length > 1 ? head + row * node.outcomes.indexOf(outcome) + row / 2 : head / 2)

/** Places for all nodes in layers from left to right, what follows a step in the order of its outcomes where that crosses no arrows. The same graph always gives the same places. */
export function arranged(graph: Pick<Graph, 'nodes' | 'edges'>): Map<string, Point> {
  const inOrder = layered(graph, true)
  const crossed = crossings(graph.edges, inOrder)
  if (crossed === 0) return inOrder
  const untangled = layered(graph, false)
  return crossings(graph.edges, untangled) < crossed ? untangled : inOrder
}

function layered({ nodes, edges }: Pick<Graph, 'nodes' | 'edges'>, keepOrder: boolean): Map<string, Point> {
  const dagre = new Dagre({ multigraph: true })
  dagre.setGraph({ rankdir: 'LR', nodesep: 32, ranksep: between, edgesep: 24, marginx: 0, marginy: 0 })
  dagre.setDefaultEdgeLabel(() => ({}))
  for (const node of nodes) dagre.setNode(node.key, sizeOf(node))
  const rows = new Map(nodes.map((node) => [node.key, node.outcomes]))
  const row = (edge: GraphEdge) => (edge.outcome === 'error' ? Infinity : (rows.get(edge.from)?.indexOf(edge.outcome) ?? 0))
  for (const edge of [...edges].sort((a, b) => row(a) - row(b))) dagre.setEdge(edge.from, edge.to, { weight: edge.outcome === 'error' ? 1 : 3 }, edge.outcome)
  run(dagre, { disableOptimalOrderHeuristic: keepOrder })
  return new Map(
    nodes.map((node) => {
      const at = dagre.node(node.key) as Point
      const size = sizeOf(node)
      return [node.key, { x: Math.round(at.x - size.width / 2), y: Math.round(at.y - size.height / 2) }]
    }),
  )
}

/** How many pairs of arrows cross, as straight lines between layers see it. */
function crossings(edges: readonly GraphEdge[], places: ReadonlyMap<string, Point>): number {
  const zero = { x: 0, y: 0 }
  const lines = edges.map((edge) => [places.get(edge.from) ?? zero, places.get(edge.to) ?? zero] as const)
  let count = 0
  lines.forEach(([from, to], index) => {
    for (const [otherFrom, otherTo] of lines.slice(index + 1)) {
      if (from.x !== otherFrom.x || to.x !== otherTo.x) continue
      if ((from.y - otherFrom.y) * (to.y - otherTo.y) < 0) count++
    }
  })
  return count
}

/** Where each node is: its own place, else one beside its neighbours. Without any place of its own the graph is {@link arranged}. */
export function placesOf(graph: Graph, layout: Layout): Map<string, Point> {
  const own = (node: GraphNode): Point | undefined => (node.kind === 'step' ? layout.steps[node.id] : layout.triggers[node.id])
  const placed = graph.nodes.filter((node) => own(node))
  if (placed.length === graph.nodes.length) return new Map(graph.nodes.map((node) => [node.key, own(node) ?? { x: 0, y: 0 }]))
  const automatic = arranged(graph)
  if (placed.length === 0) return automatic

  const places = new Map(placed.map((node) => [node.key, own(node) ?? { x: 0, y: 0 }]))
  for (const node of graph.nodes) {
    if (places.has(node.key)) continue
    const wanted = automatic.get(node.key) ?? { x: 0, y: 0 }
    const edge = graph.edges.find((candidate) => (candidate.to === node.key && places.has(candidate.from)) || (candidate.from === node.key && places.has(candidate.to)))
    const neighbour = edge && (edge.to === node.key ? edge.from : edge.to)
    const there = neighbour && places.get(neighbour)
    const thereWanted = neighbour && automatic.get(neighbour)
    const at = there && thereWanted ? { x: there.x + wanted.x - thereWanted.x, y: there.y + wanted.y - thereWanted.y } : { ...wanted }
    places.set(node.key, free(at, sizeOf(node), places))
  }
  return places
}

/** The first place from here downwards that nothing covers. */
export function free(at: Point, size: Size, taken: ReadonlyMap<string, Point>): Point {
  const place = { ...at }
  const covers = (other: Point) => Math.abs(other.x - place.x) < size.width + 16 && Math.abs(other.y - place.y) < size.height + 24
  while ([...taken.values()].some(covers)) place.y += 40
  return place
}

/** From one layer to the next. */
export const apart = width + between

/** Room for one more node on an edge: where it goes, and where what follows the edge moves so that there is some. */
export function roomOn(edge: Pick<GraphEdge, 'from' | 'to'>, graph: Graph, places: ReadonlyMap<string, Point>): { at: Point; moved: Map<string, Point> } {
  const from = places.get(edge.from) ?? { x: 0, y: 0 }
  const to = places.get(edge.to) ?? { x: 0, y: 0 }
  const missing = from.x + 2 * apart - to.x
  if (to.x <= from.x || missing <= 0) return { at: free({ x: Math.round((from.x + to.x) / 2), y: Math.round((from.y + to.y) / 2) }, sizeOf({ outcomes: [] }), places), moved: new Map() }
  const behind = new Set<string>()
  const follow = (key: string) => {
    if (behind.has(key) || (places.get(key)?.x ?? 0) < to.x) return
    behind.add(key)
    for (const next of graph.edges) if (next.from === key) follow(next.to)
  }
  follow(edge.to)
  return { at: { x: from.x + apart, y: to.y }, moved: new Map([...behind].map((key) => [key, { x: (places.get(key)?.x ?? 0) + missing, y: places.get(key)?.y ?? 0 }])) }
}

/** The smallest box around nodes; null around none. */
export function boxOf(nodes: readonly GraphNode[], places: ReadonlyMap<string, Point>): (Point & Size) | null {
  if (nodes.length === 0) return null
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const node of nodes) {
    const at = places.get(node.key) ?? { x: 0, y: 0 }
    const size = sizeOf(node)
    left = Math.min(left, at.x)
    top = Math.min(top, at.y)
    right = Math.max(right, at.x + size.width)
    bottom = Math.max(bottom, at.y + size.height)
  }
  return { x: left, y: top, width: right - left, height: bottom - top }
}
