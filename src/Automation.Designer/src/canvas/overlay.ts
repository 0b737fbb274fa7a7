/** How a step fared, as a run's page draws it. `untouched`: the run did not come by. */
export type StepState = 'untouched' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled'

export interface StepOverlay {
  state: StepState
  /** How often it ran; drawn when it is more than once. */
  count?: number
  /** Tries of a single run of it; drawn when it is more than one. */
  attempts?: number
  /** All of its runs together. */
  durationMs?: number
  /** A few words in place of its summary, as why it failed. */
  text?: string
}

/** What is drawn over a workflow: by the keys of nodes and the ids of edges, as `document/graph` makes them. A node without an entry is `untouched`. */
export interface Overlay {
  nodes: ReadonlyMap<string, StepOverlay>
  /** How often each edge was gone along. */
  edges: ReadonlyMap<string, number>
}
