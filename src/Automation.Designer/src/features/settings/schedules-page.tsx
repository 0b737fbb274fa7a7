import { useInfiniteQuery } from '@tanstack/react-query'
import { schedules, type Schedule } from '@/api/server'
import { workflowTo } from '@/parts/addresses'
import { Badge } from '@/ui/badge'
import { Listed } from '@/ui/listed'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { SettingsPage } from './settings-page'

const clock = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

export function SchedulesPage() {
  const list = useInfiniteQuery({ ...schedules, refetchInterval: 30_000 })
  return (
    <SettingsPage title="Schedules" hint="When workflows start by the clock." needs="viewer">
      <Listed label="Schedules" list={list} columns={columns} rowKey={(each) => `${each.workflow} ${each.trigger}`} to={(each) => workflowTo(each.workflow)} empty={{ title: 'No workflow starts by the clock.', children: 'A trigger of type schedule does.' }} />
    </SettingsPage>
  )
}

const columns: readonly Column<Schedule>[] = [
  { title: 'Workflow', width: '20%', cell: (each) => <strong>{each.workflow}</strong> },
  { title: 'Trigger', width: '12%', cell: (each) => each.trigger },
  { title: 'When', width: '22%', cell: (each) => (each.cron ? <><code>{each.cron}</code> {each.timeZone}</> : `every ${each.every ?? ''}`) },
  { title: 'Next times', cell: (each) => (each.enabled ? each.next.slice(0, 3).map((at) => clock.format(new Date(at))).join(', ') : <Badge>switched off</Badge>) },
  { title: 'Missed', width: '90px', cell: (each) => each.missed },
  { title: 'Last', width: '100px', align: 'end', cell: (each) => <Ago at={each.lastAt} /> },
]
