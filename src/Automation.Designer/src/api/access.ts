import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { pagesOf, withQuery } from './pages'

export type User = Schemas['UserView']
export type Token = Schemas['TokenView']
export type Session = Schemas['SessionView']
export type Secret = Schemas['SecretView']
export type AuditEntry = Schemas['AuditView']

export const users = pagesOf<User>(['users'], '/api/users')

export async function putUser(name: string, setting: Schemas['UserSetting']): Promise<void> {
  await client.PUT('/api/users/{name}', { params: { path: { name } }, body: setting })
}

export async function deleteUser(name: string): Promise<void> {
  await client.DELETE('/api/users/{name}', { params: { path: { name } } })
}

export async function changePassword(current: string, next: string): Promise<void> {
  await client.POST('/api/me/password', { body: { current, new: next } })
}

export const tokens = pagesOf<Token>(['tokens'], '/api/tokens')

export async function makeToken(setting: Schemas['TokenSetting']) {
  return bodyOf(await client.POST('/api/tokens', { body: setting }))
}

export async function deleteToken(id: string): Promise<void> {
  await client.DELETE('/api/tokens/{id}', { params: { path: { id } } })
}

export const browserSessions = pagesOf<Session>(['sessions'], '/api/sessions')

export async function deleteSession(id: string): Promise<void> {
  await client.DELETE('/api/sessions/{id}', { params: { path: { id } } })
}

export const secrets = pagesOf<Secret>(['secrets'], '/api/secrets')

export async function putSecret(name: string, value: string): Promise<void> {
  await client.PUT('/api/secrets/{name}', { params: { path: { name } }, body: { value } })
}

export async function deleteSecret(name: string): Promise<void> {
  await client.DELETE('/api/secrets/{name}', { params: { path: { name } } })
}

export interface AuditFilter {
  actor?: string
  action?: string
  target?: string
  from?: string
}

export const audit = (filter: AuditFilter) => pagesOf<AuditEntry>(['audit', filter], withQuery('/api/audit', { ...filter, limit: 100 }))

/** Address of the audit log as a file. */
export const auditExport = (filter: AuditFilter, format: 'csv' | 'jsonl') => withQuery('/api/audit/export', { ...filter, format })

/** Looks whether an entry was changed or taken out. */
export const auditCheck = queryOptions({ queryKey: ['auditCheck'], enabled: false, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/audit/check', { signal })) })
