import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf } from './pages'

export type WorkflowSummary = Schemas['WorkflowSummary']

export const workflows = pagesOf<WorkflowSummary>(['workflows'], '/api/workflows')

export const workflow = (id: string) =>
  queryOptions({ queryKey: ['workflow', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/workflows/{id}', { params: { path: { id } }, signal })) })

export type WorkflowSchedule = Schemas['ScheduleView']

/** The schedules of a workflow with their next times, which go by, and follow a save after a moment. */
export const workflowSchedules = (id: string) =>
  queryOptions({ queryKey: ['workflowSchedules', id], refetchInterval: 2_000, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/workflows/{id}/schedules', { params: { path: { id } }, signal })).items })

export async function setEnabled(id: string, enabled: boolean): Promise<void> {
  const params = { path: { id } }
  if (enabled) await client.POST('/api/workflows/{id}/enable', { params })
  else await client.POST('/api/workflows/{id}/disable', { params })
}
