import type { Destination } from '@/api/deliveries'
import type { ErrorGroup } from '@/api/runs'
import type { Health } from '@/api/server'
import type { WorkflowSummary } from '@/api/workflows'
import type { Tone } from '@/ui/badge'

/** Something that a person should look at. */
export interface Matter {
  tone: Tone
  /** How much of it there is; a plus sign where there is more than was read. */
  count: string
  text: string
  detail: string
  to: string
}

export interface Known {
  health: Health | undefined
  workflows: readonly Pick<WorkflowSummary, 'id' | 'name' | 'problemCount'>[]
  /** Failed runs of the last day; undefined until they are read. */
  errors: { items: readonly ErrorGroup[]; looked: number; lookedBackTo: string | null } | undefined
  dead: { count: number; isMore: boolean; last: string | null }
  /** Destinations whose circuit is open. */
  stopped: readonly Destination[]
  parked: { count: number; isMore: boolean; key: string | null }
  waiting: { count: number; isMore: boolean }
}

const plus = ({ count, isMore }: { count: number; isMore: boolean }) => `${count.toLocaleString('en')}${isMore ? '+' : ''}`
const plural = (count: number, one: string, many: string) => (count === 1 ? one : many)

/** What needs a person, the most pressing first. */
export function mattersOf({ health, workflows, errors, dead, stopped, parked, waiting }: Known): Matter[] {
  const matters: Matter[] = []
  for (const problem of health?.problems ?? []) matters.push({ tone: 'bad', count: '!', text: `The server has trouble with ${problem.name}`, detail: problem.problem ?? '', to: '/settings/server' })
  for (const each of stopped)
    matters.push({ tone: 'bad', count: '1', text: `${each.destination} is not called at the moment`, detail: each.lastError ?? '', to: '/deliveries/destinations' })
  const worst = errors?.items[0]
  if (errors && worst)
    matters.push({
      tone: 'bad',
      count: plus({ count: errors.looked, isMore: errors.lookedBackTo !== null }),
      text: `${plural(errors.looked, 'run', 'runs')} failed in the last day`,
      detail: `${worst.count === errors.looked ? '' : 'Mostly '}${worst.workflow}: ${worst.lastMessage}`,
      to: '/runs/errors',
    })
  if (dead.count > 0) matters.push({ tone: 'bad', count: plus(dead), text: `dead ${plural(dead.count, 'letter', 'letters')} in the last day`, detail: dead.last ?? '', to: '/deliveries?state=dead&since=24h' })
  if (parked.count > 0) matters.push({ tone: 'warn', count: plus(parked), text: `parked ${plural(parked.count, 'key', 'keys')}`, detail: `${parked.key ?? ''} and what comes after it wait.`, to: '/state' })
  const broken = workflows.filter(({ problemCount }) => problemCount > 0)
  if (broken[0]) matters.push({ tone: 'warn', count: String(broken.length), text: `${plural(broken.length, 'workflow has', 'workflows have')} mistakes in the file`, detail: broken.map(({ name }) => name).slice(0, 3).join(', '), to: '/workflows' })
  if (waiting.count > 0) matters.push({ tone: 'info', count: plus(waiting), text: `${plural(waiting.count, 'run waits', 'runs wait')} for something`, detail: 'An answer, an event, or its time.', to: '/runs?state=waiting' })
  return matters
}
