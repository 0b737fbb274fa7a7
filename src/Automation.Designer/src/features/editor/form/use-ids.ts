import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import { idQueries } from '@/api/ids'
import { idsOf, sourcesOf, type KnownIds } from './ids'

/** Ids that may stand in the properties of a step or trigger, as the server has them; of steps those of the workflow. */
export function useIds(type: string | null, steps: readonly string[], mayEdit: boolean): (path: readonly string[]) => readonly string[] {
  const sources = sourcesOf(type)
  const given = useQueries({ queries: sources.map((source) => ({ ...idQueries[source], enabled: mayEdit })), combine })
  const known = JSON.stringify(Object.fromEntries(sources.map((source, index) => [source, given[index] ?? []])))
  const names = JSON.stringify(steps)
  return useMemo(() => {
    const all: KnownIds = { ...(JSON.parse(known) as KnownIds), steps: JSON.parse(names) as string[] }
    return (path) => idsOf(type, path, all)
  }, [type, known, names])
}

const combine = (results: readonly { data: readonly string[] | undefined }[]): (readonly string[] | undefined)[] => results.map(({ data }) => data)
