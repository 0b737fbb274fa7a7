import { Position, type NodeHandle } from '@xyflow/react'
import type { GraphNode } from '@/document/graph'
import { outcomeAt, sizeOf } from '@/document/layout'

export interface Handle extends NodeHandle {
  width: number
  height: number
}

// As step-node.module.css draws them: squares and circles of 11 pixels on the inner side of a border of one.
const size = 11
const border = 1
const errorInset = 29

/** Where a step's handles are, so that nobody has to measure them, and arrows can be drawn without them. */
export function handlesOf(node: Pick<GraphNode, 'kind' | 'outcomes' | 'canFail'>): Handle[] {
  const box = sizeOf(node)
  const at = (id: string | null, type: Handle['type'], position: Position, x: number, y: number): Handle => ({ id, type, position, x: x - size / 2, y: y - size / 2, width: size, height: size })
  return [
    ...(node.kind === 'step' ? [at(null, 'target', Position.Left, border, border + 28)] : []),
    ...node.outcomes.map((outcome) => at(outcome, 'source', Position.Right, box.width - border, border + outcomeAt(node, outcome))),
    ...(node.canFail ? [at('error', 'source', Position.Bottom, box.width - border - errorInset, box.height - border)] : []),
  ]
}

/** The point of a handle that an arrow touches: its outer side, as React Flow has it. */
export function touch(handle: Handle): { x: number; y: number } {
  const [middleX, middleY] = [handle.x + handle.width / 2, handle.y + handle.height / 2]
  if (handle.position === Position.Left) return { x: handle.x, y: middleY }
  if (handle.position === Position.Right) return { x: handle.x + handle.width, y: middleY }
  return { x: middleX, y: handle.y + handle.height }
}
