import { queryOptions } from '@tanstack/react-query'
import { bodyOf, client, type Schemas } from './client'
import { everyPage, pagesOf, withQuery } from './pages'
import { listen } from './stream'

export type Topic = Schemas['MqttTopicView']
export type Message = Schemas['MqttMessageView']
export type MqttClient = Schemas['MqttClientView']
export type MqttSession = Schemas['MqttSessionView']
export type Subscription = Schemas['MqttSubscriptionView']
export type Retained = Schemas['MqttRetainedSummary']
export type MqttUser = Schemas['MqttUserView']
export type Connection = Schemas['MqttConnectionView']

/** A level of the tree of topics, page by page; counting goes on while somebody asks. */
export const topics = (under: string | null) => ({
  ...pagesOf<Topic>(['topics', under], `/api/mqtt/topics?limit=100${under === null ? '' : `&under=${encodeURIComponent(under)}`}`),
  refetchInterval: everyPage(2_000),
})

/** Tells of messages on topics that match a filter. */
export const watchMessages = (filter: string, take: (message: Message) => void, dropped: () => void, status: (connected: boolean) => void) =>
  listen(withQuery('/api/mqtt/messages', { filter }), { events: { message: (data) => take(data as Message), dropped }, status, whileHidden: true })

export const clients = (search: string) => pagesOf<MqttClient>(['mqttClients', search], withQuery('/api/mqtt/clients', { search, limit: 100 }))

export async function disconnectClient(id: string): Promise<void> {
  await client.POST('/api/mqtt/clients/{id}/disconnect', { params: { path: { id } } })
}

export const sessions = (search: string, state: string) => pagesOf<MqttSession>(['mqttSessions', search, state], withQuery('/api/mqtt/sessions', { search, state, limit: 100 }))

export const session = (id: string) =>
  queryOptions({ queryKey: ['mqttSession', id], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/mqtt/sessions/{id}', { params: { path: { id } }, signal })) })

/** What a session listens to, page by page. */
export const subscriptions = (clientId: string) => pagesOf<Subscription>(['mqttSubscriptions', clientId], withQuery('/api/mqtt/subscriptions', { clientId, limit: 100 }))

export async function endSession(id: string): Promise<void> {
  await client.DELETE('/api/mqtt/sessions/{id}', { params: { path: { id } } })
}

export const retained = (filter: string) => pagesOf<Retained>(['mqttRetained', filter], withQuery('/api/mqtt/retained', { filter, limit: 100 }))

export const retainedMessage = (topic: string) =>
  queryOptions({ queryKey: ['mqttRetainedMessage', topic], queryFn: async ({ signal }) => bodyOf(await client.GET('/api/mqtt/retained/{id}', { params: { path: { id: topic } }, signal })) })

export async function removeRetained(topic: string): Promise<void> {
  await client.DELETE('/api/mqtt/retained/{id}', { params: { path: { id: topic } } })
}

export interface Publish {
  topic: string
  payload: unknown
  qos: number
  retain: boolean
}

export async function publish(message: Publish): Promise<void> {
  await client.POST('/api/mqtt/publish', { body: message as never })
}

export const mqttUsers = pagesOf<MqttUser>(['mqttUsers'], '/api/mqtt/users')

export async function putMqttUser(name: string, setting: Schemas['MqttUserSetting']): Promise<void> {
  await client.PUT('/api/mqtt/users/{name}', { params: { path: { name } }, body: setting })
}

export async function deleteMqttUser(name: string): Promise<void> {
  await client.DELETE('/api/mqtt/users/{name}', { params: { path: { name } } })
}

export const connections = pagesOf<Connection>(['mqttConnections'], '/api/mqtt/connections')
