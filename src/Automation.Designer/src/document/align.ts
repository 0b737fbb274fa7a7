import type { Point } from './document'
import type { Size } from './layout'

export type Alignment = 'left' | 'center' | 'right' | 'top' | 'middle' | 'bottom'
export type Axis = 'x' | 'y'

type Boxes = ReadonlyMap<string, Point & Size>

/** Places by which boxes share an edge or a middle of the box around them. Those that stay are left out. */
export function aligned(boxes: Boxes, to: Alignment): Map<string, Point> {
  const axis: Axis = to === 'left' || to === 'center' || to === 'right' ? 'x' : 'y'
  const all = [...boxes.values()]
  const least = Math.min(...all.map((box) => box[axis]))
  const most = Math.max(...all.map((box) => endOf(box, axis)))
  const at = (box: Point & Size) => {
    if (to === 'left' || to === 'top') return least
    return to === 'right' || to === 'bottom' ? most - lengthOf(box, axis) : (least + most - lengthOf(box, axis)) / 2
  }
  return moved(boxes, axis, at)
}

/** Places by which the gaps between boxes are equal; the first and the last stay. */
export function distributed(boxes: Boxes, axis: Axis): Map<string, Point> {
  const inOrder = [...boxes].sort(([, a], [, b]) => a[axis] - b[axis])
  const [first] = inOrder
  if (!first || inOrder.length < 3) return new Map()
  const end = Math.max(...inOrder.map(([, box]) => endOf(box, axis)))
  const gap = (end - first[1][axis] - inOrder.reduce((sum, [, box]) => sum + lengthOf(box, axis), 0)) / (inOrder.length - 1)
  const places = new Map<string, number>()
  let at = first[1][axis]
  for (const [key, box] of inOrder) {
    places.set(key, at)
    at += lengthOf(box, axis) + gap
  }
  return moved(boxes, axis, (_, key) => places.get(key) ?? 0)
}

const lengthOf = (box: Size, axis: Axis): number => (axis === 'x' ? box.width : box.height)
const endOf = (box: Point & Size, axis: Axis): number => box[axis] + lengthOf(box, axis)

function moved(boxes: Boxes, axis: Axis, to: (box: Point & Size, key: string) => number): Map<string, Point> {
  return new Map(
    [...boxes].flatMap(([key, box]) => {
      const at = Math.round(to(box, key))
      return at === box[axis] ? [] : [[key, { x: axis === 'x' ? at : box.x, y: axis === 'y' ? at : box.y }] as const]
    }),
  )
}
