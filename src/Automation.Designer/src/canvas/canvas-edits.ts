import { createContext, useContext } from 'react'
import type { Note, Point } from '@/document/document'
import type { GraphEdge } from '@/document/graph'

/** What can be done on the canvas. Without it the canvas only shows. */
export interface CanvasEdits {
  move: (places: ReadonlyMap<string, Point>) => void
  connect: (from: string, outcome: string, to: string) => void
  /** Asks what to add: behind an outcome, at a place on the canvas. */
  addAfter: (from: string, outcome: string, at: Point | null) => void
  /** Asks what to put on an edge. */
  insert: (edge: GraphEdge) => void
  /** Something was dropped: a type from the palette, `step:script`, as `text/x-step-type`. */
  drop: (type: string, at: Point, edge: GraphEdge | null) => void
  setNote: (id: string, note: Note | null) => void
  /** Changes a comment's text as it is typed. */
  write: (id: string, text: string) => void
  setCollapsed: (id: string, collapsed: boolean) => void
  /** Goes to the inspector. */
  open: (key: string) => void
}

export const EditsContext = createContext<CanvasEdits | null>(null)
export const useEdits = (): CanvasEdits | null => useContext(EditsContext)
