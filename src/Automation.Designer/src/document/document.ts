import type { JsonObject } from './json'

export interface Point {
  x: number
  y: number
}

/** A comment on the canvas. */
export interface Note extends Point {
  width: number
  height: number
  text: string
}

/** Where things are on the canvas. What has no place gets one by itself. */
export interface Layout {
  readonly steps: Readonly<Record<string, Point>>
  readonly triggers: Readonly<Record<string, Point>>
  readonly notes: Readonly<Record<string, Note>>
  /** Loops whose bodies are not drawn. */
  readonly collapsed: readonly string[]
}

export const noLayout: Layout = { steps: {}, triggers: {}, notes: {}, collapsed: [] }

/** What is edited together, saved together, and undone together. Never changed in place. */
export interface WorkflowDocument {
  readonly workflow: JsonObject
  readonly layout: Layout
  /** Script files by their name below the workflows folder. */
  readonly scripts: Readonly<Record<string, string>>
  /** The text of `<id>.tests.json`; null where there is none. */
  readonly tests: string | null
}

/** A workflow without anything in it. @param id Its id, of which the name is made; it may hold folders. */
export function newDocument(id: string): WorkflowDocument {
  const name = id.slice(id.lastIndexOf('/') + 1).replaceAll(/[-_]+/g, ' ')
  return { workflow: { $schema: `${'../'.repeat(id.split('/').length - 1) || './'}workflow.schema.json`, name: name.charAt(0).toUpperCase() + name.slice(1), triggers: {}, steps: {} }, layout: noLayout, scripts: {}, tests: null }
}
