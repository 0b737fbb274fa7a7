import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import { catalog as catalogQuery } from '@/api/catalog'
import type { RunDetails, Version } from '@/api/runs'
import { WorkflowCanvas, type CanvasHandle } from '@/canvas/workflow-canvas'
import { graphOf, keyOf, refOf, step } from '@/document/graph'
import type { JsonObject } from '@/document/json'
import { readLayout } from '@/document/layout-file'
import { Loaded } from '@/ui/listed'
import { overlayOf } from './overlay'
import type { StepTotals } from './trace'

interface RunCanvasProps {
  run: RunDetails
  version: Version
  totals: ReadonlyMap<string, StepTotals>
  /** Id of the chosen step. */
  chosen: string | null
  onChoose: (step: string) => void
}

/** A run drawn on the canvas of the version that it is pinned to. */
export function RunCanvas({ run, version, totals, chosen, onChoose }: RunCanvasProps) {
  const catalog = useQuery(catalogQuery)
  const workflow = version.document as JsonObject
  const layout = useMemo(() => readLayout(version.files[`${run.workflow}.layout.json`]), [version, run.workflow])
  const overlay = useMemo(() => (catalog.data ? overlayOf(run, totals, graphOf(workflow, catalog.data)) : null), [run, totals, workflow, catalog.data])
  const selection = useMemo(() => (chosen === null ? [] : [keyOf(step(chosen))]), [chosen])
  const canvas = useRef<CanvasHandle>(null)
  useEffect(() => canvas.current?.reveal(selection), [selection])
  const select = useCallback(
    (keys: readonly string[]) => {
      const key = keys.at(-1)
      if (key?.startsWith('step:')) onChoose(refOf(key).id)
    },
    [onChoose],
  )
  return <Loaded query={catalog}>{(known) => <WorkflowCanvas ref={canvas} workflow={workflow} layout={layout} catalog={known} selection={selection} onSelect={select} overlay={overlay} label={`The run on ${run.workflow}`} />}</Loaded>
}
