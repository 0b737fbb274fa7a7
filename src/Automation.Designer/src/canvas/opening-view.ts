interface Box {
  x: number
  y: number
  width: number
  height: number
}

const readable = 0.7
const margin = 32

/** Where a workflow is first looked at: as a whole where that can be read, else its beginning at the left, large enough to be read. Pixels of the frame. */
export function openingView(steps: Box, frame: { width: number; height: number }): { x: number; y: number; zoom: number } {
  const whole = Math.min((frame.width - 2 * margin) / Math.max(1, steps.width), (frame.height - 2 * margin) / Math.max(1, steps.height))
  const zoom = Math.min(1, Math.max(readable, whole))
  const at = (start: number, length: number, room: number) => (length * zoom <= room - 2 * margin ? (room - length * zoom) / 2 : margin) - start * zoom
  return { x: at(steps.x, steps.width, frame.width), y: at(steps.y, steps.height, frame.height), zoom }
}
