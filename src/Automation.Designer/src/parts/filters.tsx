import { useInfiniteQuery } from '@tanstack/react-query'
import { destinations } from '@/api/deliveries'
import { workflows } from '@/api/workflows'
import { Select } from '@/ui/field'
import { SearchField } from '@/ui/search-field'

interface FilterProps {
  value: string
  onChange: (value: string) => void
}

/** A field for a workflow's id, with those that there are to choose from. */
export function WorkflowFilter({ value, onChange }: FilterProps) {
  const known = useInfiniteQuery(workflows).data ?? []
  return <SearchField label="Workflow" value={value} onChange={onChange} list={known.map(({ id }) => id)} />
}

interface DestinationFilterProps extends FilterProps {
  /** Destinations that the page shows anyway. */
  seen: readonly string[]
  width: number
}

/** A field for a destination, with those that have something waiting or dead, and those seen, to choose from. */
export function DestinationFilter({ value, onChange, seen, width }: DestinationFilterProps) {
  const known = useInfiniteQuery({ ...destinations(null), refetchInterval: false }).data ?? []
  return <SearchField label="Destination" value={value} onChange={onChange} list={[...known.map(({ destination }) => destination), ...seen]} width={width} />
}

const spans = [
  { value: '', label: 'Any time' },
  { value: '15m', label: 'Last 15 minutes' },
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 hours' },
  { value: '7d', label: 'Last 7 days' },
]

export const SinceFilter = ({ value, onChange }: FilterProps) => <Select label="Since" value={value} options={spans} onChoose={onChange} />

interface StateFilterProps extends FilterProps {
  states: readonly string[]
}

export const StateFilter = ({ value, onChange, states }: StateFilterProps) => (
  <Select label="State" value={value} onChoose={onChange} options={[{ value: '', label: 'Any state' }, ...states.map((state) => ({ value: state, label: state }))]} />
)
