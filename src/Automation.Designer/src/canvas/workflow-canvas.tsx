import {
  applyNodeChanges, Background, BackgroundVariant, MiniMap, Panel, ReactFlow, ReactFlowProvider, SelectionMode, useReactFlow, useStore, ViewportPortal, type Connection, type EdgeChange, type FinalConnectionState, type NodeChange, type Viewport,
} from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { Maximize, Minus, Plus } from 'lucide-react'
import { useCallback, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState, type DragEvent, type ReactNode, type Ref } from 'react'
import type { Catalog } from '@/document/catalog'
import { noLayout, type Layout, type Point } from '@/document/document'
import { graphOf, keyOf, refOf, step } from '@/document/graph'
import type { JsonObject } from '@/document/json'
import { placesOf } from '@/document/layout'
import { IconButton } from '@/ui/button'
import { EditsContext, type CanvasEdits } from './canvas-edits'
import { draw, emptyDrawing, type CanvasEdge, type CanvasNode, type Drawing } from './elements'
import { FarEdges } from './far-edges'
import { alignedTo, type Guides } from './guides'
import { LoopFrame } from './loop-frame'
import { NoteNode } from './note-node'
import { OutcomeEdge } from './outcome-edge'
import type { Overlay } from './overlay'
import { StepNode } from './step-node'
import { openingView } from './opening-view'
import styles from './workflow-canvas.module.css'

const nodeTypes = { step: StepNode, note: NoteNode, frame: LoopFrame }
const edgeTypes = { outcome: OutcomeEdge }
const noEdges: CanvasEdge[] = []

/** Below this zoom no small text can be read. */
const farZoom = 0.4
/** More nodes than these are drawn as far as they are seen, and plainly from far. */
const manyNodes = 150
/** Pixels that the pointer may move within a click. */
const clickDistance = 4
const none: ReadonlyMap<string, never> = new Map<string, never>()

export interface CanvasHandle {
  fit: () => void
  zoomBy: (factor: number) => void
  /** Moves the view to nodes, if they are outside of it. */
  reveal: (keys: readonly string[]) => void
  /** The place on the canvas at the middle of what is seen. */
  middle: () => Point
  focus: () => void
}

export interface WorkflowCanvasProps {
  workflow: JsonObject
  layout?: Layout
  catalog: Catalog
  /** Keys of nodes (`document/graph`), `note:<id>`, and ids of edges. */
  selection: readonly string[]
  onSelect: (selection: readonly string[]) => void
  /** Counts of mistakes by key. */
  problems?: ReadonlyMap<string, number>
  /** A run, drawn over the workflow. */
  overlay?: Overlay | null
  /** Left out, the canvas only shows. */
  edits?: CanvasEdits
  /** Said to people who cannot see it. */
  label: string
  children?: ReactNode
  ref?: Ref<CanvasHandle>
}

/** A workflow drawn as a graph: triggers and steps as boxes, outcomes as arrows. */
export function WorkflowCanvas(props: WorkflowCanvasProps) {
  return (
    <ReactFlowProvider>
      <EditsContext value={props.edits ?? null}>
        <Canvas {...props} />
      </EditsContext>
    </ReactFlowProvider>
  )
}

function Canvas({ workflow, layout = noLayout, catalog, selection, onSelect, problems = none, overlay = null, edits, label, children, ref }: WorkflowCanvasProps) {
  const flow = useReactFlow<CanvasNode, CanvasEdge>()
  const frame = useRef<HTMLDivElement>(null)
  const far = useStore((state) => state.transform[2] < farZoom)
  const graph = useMemo(() => graphOf(workflow, catalog), [workflow, catalog])
  const places = useMemo(() => placesOf(graph, layout), [graph, layout])
  const many = graph.nodes.length > manyNodes
  const plain = far && many
  const chosen = useMemo(() => new Set(selection), [selection])
  const input = useMemo(() => ({ graph, places, layout, catalog, selection: chosen, problems, overlay, plain }), [graph, places, layout, catalog, chosen, problems, overlay, plain])
  const [drawn, setDrawn] = useState<{ of: typeof input | null; drawing: Drawing }>({ of: null, drawing: emptyDrawing })
  const { drawing } = drawn
  if (drawn.of !== input) setDrawn({ of: input, drawing: draw(input, drawing) })
  const latest = useRef(selection)
  useLayoutEffect(() => {
    latest.current = selection
  }, [selection])
  /** A click on an arrow tells of the arrow and of the step that is no longer selected one after the other: the second counts on the first. */
  const onSelected = useCallback(
    (changes: readonly { id: string; selected: boolean }[]) => {
      if (changes.length === 0) return
      latest.current = afterSelect(latest.current, changes)
      onSelect(latest.current)
    },
    [onSelect],
  )
  const [guides, setGuides] = useState<Guides | null>(null)

  const onNodesChange = useCallback(
    (changes: NodeChange<CanvasNode>[]) => {
      const moves = changes.filter((change) => change.type === 'position')
      const only = moves.length === 1 && moves[0]?.dragging ? moves[0] : undefined
      if (only?.position) {
        const moved = flow.getNode(only.id)
        const lined = alignedTo(
          { ...only.position, width: moved?.width ?? 0, height: moved?.height ?? 0 },
          flow.getNodes().filter((node) => node.id !== only.id && node.type === 'step').map((node) => ({ ...node.position, width: node.width ?? 0, height: node.height ?? 0 })),
          6 / flow.getZoom(),
        )
        only.position = lined.at
        setGuides(lined)
      } else if (moves.length > 0) setGuides(null)
      setDrawn((last) => ({ ...last, drawing: { ...last.drawing, nodes: applyNodeChanges(changes, last.drawing.nodes) } }))
      const ended = moves.filter((change) => !change.dragging && change.position)
      if (ended.length > 0 && edits) {
        setGuides(null)
        edits.move(new Map(ended.map((change) => [change.id, change.position ?? { x: 0, y: 0 }])))
      }
      onSelected(changes.filter((change) => change.type === 'select'))
    },
    [flow, edits, onSelected],
  )
  const onEdgesChange = useCallback((changes: EdgeChange<CanvasEdge>[]) => onSelected(changes.filter((change) => change.type === 'select')), [onSelected])
  const onConnect = useCallback(({ source, sourceHandle, target }: Connection) => edits?.connect(source, sourceHandle ?? 'done', target), [edits])
  const onConnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (!edits || state.isValid || !state.fromNode || state.fromHandle?.type !== 'source' || state.toNode) return
      const pointer = 'changedTouches' in event ? event.changedTouches[0] : event
      if (!pointer || Math.hypot(pointer.clientX - (state.from?.x ?? 0), 1) < 4) return
      const outcome = state.fromHandle.id ?? 'done'
      const onto = document.elementFromPoint(pointer.clientX, pointer.clientY)?.closest('.react-flow__node')?.getAttribute('data-id')
      if (onto && onto !== state.fromNode.id && refOf(onto).kind === 'step') return edits.connect(state.fromNode.id, outcome, onto)
      const at = flow.screenToFlowPosition({ x: pointer.clientX, y: pointer.clientY })
      edits.addAfter(state.fromNode.id, outcome, { x: at.x, y: at.y - 28 })
    },
    [edits, flow],
  )
  const onDrop = useCallback(
    (event: DragEvent) => {
      const type = event.dataTransfer.getData('text/x-step-type')
      if (!type || !edits) return
      event.preventDefault()
      const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })
      const under = document.elementsFromPoint(event.clientX, event.clientY).find((element) => element.closest('.react-flow__edge'))?.closest('.react-flow__edge')?.getAttribute('data-id')
      edits.drop(type, { x: at.x - 40, y: at.y - 28 }, graph.edges.find((edge) => edge.id === under) ?? null)
    },
    [edits, flow, graph],
  )

  /** While someone moves the view nothing is sought under the pointer: see workflow-canvas.module.css. It is again as soon as a frame passes without a move, so that the next press meets what it is on. */
  const from = useRef<Viewport>({ x: 0, y: 0, zoom: 1 })
  const settling = useRef(0)
  const onMoveStart = useCallback((_: unknown, at: Viewport) => {
    from.current = at
  }, [])
  const onMove = useCallback((event: unknown, at: Viewport) => {
    if (event === null) return // the program's own, or an animation
    if (at.zoom === from.current.zoom && Math.hypot(at.x - from.current.x, at.y - from.current.y) <= clickDistance) return // may become a click
    frame.current?.setAttribute('data-moving', '')
    cancelAnimationFrame(settling.current)
    settling.current = requestAnimationFrame(() => {
      settling.current = requestAnimationFrame(() => frame.current?.removeAttribute('data-moving'))
    })
  }, [])

  const fit = useCallback(() => void flow.fitView({ padding: 0.12, maxZoom: 1, duration: motion() }), [flow])
  const reveal = useCallback(
    (keys: readonly string[], duration = motion()) => {
      const box = frame.current?.getBoundingClientRect()
      const nodes = flow.getNodes().filter((node) => keys.includes(node.id))
      if (!box || nodes.length === 0) return
      const { x, y, zoom } = flow.getViewport()
      if (zoom < farZoom) return void flow.fitView({ nodes: nodes.map(({ id }) => ({ id })), padding: 0.3, maxZoom: 0.8, duration })
      const onScreen = nodes.map((node) => ({ left: node.position.x * zoom + x, top: node.position.y * zoom + y, right: (node.position.x + (node.width ?? 0)) * zoom + x, bottom: (node.position.y + (node.height ?? 0)) * zoom + y }))
      const [dx, dy] = [intoView(onScreen.map(({ left, right }) => [left, right]), box.width), intoView(onScreen.map(({ top, bottom }) => [top, bottom]), box.height)]
      if (dx !== 0 || dy !== 0) void flow.setViewport({ x: x + dx, y: y + dy, zoom }, { duration })
    },
    [flow],
  )
  const begin = useCallback(() => {
    const nodes = flow.getNodes()
    frame.current?.setAttribute('data-begun', '')
    if (!frame.current || nodes.length === 0) return
    void flow.setViewport(openingView(flow.getNodesBounds(nodes), { width: frame.current.clientWidth, height: frame.current.clientHeight }))
    reveal(latest.current, 0)
  }, [flow, reveal])
  useImperativeHandle(
    ref,
    () => ({
      fit,
      zoomBy: (factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: motion() }),
      reveal,
      middle: () => {
        const box = frame.current?.getBoundingClientRect()
        return flow.screenToFlowPosition(box ? { x: box.left + box.width / 2, y: box.top + box.height / 2 } : { x: 0, y: 0 })
      },
      focus: () => frame.current?.focus(),
    }),
    [fit, reveal, flow],
  )

  return (
    <div ref={frame} className={styles.canvas} data-far={far} tabIndex={-1} role="group" aria-label={label} onDrop={onDrop} onDragOver={(event) => edits && event.dataTransfer.types.includes('text/x-step-type') && event.preventDefault()}>
      <ReactFlow<CanvasNode, CanvasEdge>
        nodes={drawing.nodes}
        edges={plain ? noEdges : drawing.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        onMoveStart={onMoveStart}
        onMove={onMove}
        onNodeDoubleClick={(_, node) => node.type === 'step' && edits?.open(node.id)}
        isValidConnection={({ source, target }) => source !== target && refOf(target).kind === 'step'}
        nodesDraggable={edits !== undefined}
        nodesConnectable={edits !== undefined}
        connectOnClick={false}
        paneClickDistance={clickDistance}
        nodeClickDistance={clickDistance}
        nodeDragThreshold={clickDistance}
        connectionRadius={36}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={['Meta', 'Control', 'Shift']}
        selectionMode={SelectionMode.Partial}
        panOnScroll
        zoomOnDoubleClick={false}
        minZoom={0.1}
        maxZoom={2}
        onInit={begin}
        elevateNodesOnSelect={false}
        onlyRenderVisibleElements={many && !far}
      >
        {plain ? <FarEdges nodes={drawing.nodes} edges={drawing.edges} /> : null}
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} />
        {guides ? <GuideLines guides={guides} /> : null}
        <Panel position="bottom-left">
          <Zoom onFit={fit} />
        </Panel>
        {drawing.nodes.length > 12 ? <MiniMap<CanvasNode> pannable zoomable ariaLabel="Map of the workflow" nodeClassName={mapClass} className={styles.map ?? ''} /> : null}
        {children}
      </ReactFlow>
    </div>
  )
}

/** How far lines have to be moved, at least, to be seen with room around them in a view from 0 to `length`. */
function intoView(lines: readonly (readonly [number, number])[], length: number): number {
  const margin = Math.min(120, length / 6)
  const [start, end] = [Math.min(...lines.map(([from]) => from)), Math.max(...lines.map(([, to]) => to))]
  if (start < 0 || end - start > length - 2 * margin) return margin - start
  return end > length ? length - margin - end : 0
}

const motion = (): number => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180)

const mapClass = (node: CanvasNode): string => `map-${node.type} map-${node.type === 'step' ? (node.data.overlay?.state ?? (node.data.problems > 0 ? 'failed' : node.data.node.kind)) : 'behind'}`

function afterSelect(before: readonly string[], changes: readonly { id: string; selected: boolean }[]): string[] {
  const after = new Set(before)
  for (const { id, selected } of changes) {
    if (selected) after.add(id)
    else after.delete(id)
  }
  return [...after]
}

function Zoom({ onFit }: { onFit: () => void }) {
  const flow = useReactFlow()
  const zoom = useStore((state) => Math.round(state.transform[2] * 100))
  return (
    <div className={styles.zoom} role="toolbar" aria-label="View">
      <IconButton label="Zoom out" onClick={() => void flow.zoomOut({ duration: motion() })}>
        <Minus aria-hidden />
      </IconButton>
      <button type="button" title="Zoom to 100 %" onClick={() => void flow.zoomTo(1, { duration: motion() })}>
        {zoom} %
      </button>
      <IconButton label="Zoom in" onClick={() => void flow.zoomIn({ duration: motion() })}>
        <Plus aria-hidden />
      </IconButton>
      <IconButton label="Zoom to fit" onClick={onFit}>
        <Maximize aria-hidden />
      </IconButton>
    </div>
  )
}

function GuideLines({ guides: { x, y } }: { guides: Guides }) {
  return (
    <ViewportPortal>
      {x === null ? null : <div className={styles.vertical} style={{ left: x }} />}
      {y === null ? null : <div className={styles.horizontal} style={{ top: y }} />}
    </ViewportPortal>
  )
}

/** The key of a step in a selection and in an {@link Overlay}. */
export const stepKey = (id: string): string => keyOf(step(id))
