import { useCallback } from 'react'
import { useSearchParams } from 'react-router'

/** Filters whose values are the address's parameters, so that a filtered list can be linked to and gone back to. */
export function useFilters<Name extends string>(...names: Name[]) {
  const [parameters, setParameters] = useSearchParams()
  const values = Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? ''])) as Record<Name, string>
  const set = useCallback(
    (changes: Partial<Record<Name, string>>) =>
      setParameters(
        (current) => {
          const next = new URLSearchParams(current)
          for (const [name, value] of Object.entries<string | undefined>(changes)) {
            if (value) next.set(name, value)
            else next.delete(name)
          }
          return next
        },
        { replace: true },
      ),
    [setParameters],
  )
  const clear = () => set(Object.fromEntries(names.map((name) => [name, ''])) as Record<Name, string>)
  return { values, set, clear, isFiltered: names.some((name) => values[name] !== '') }
}
