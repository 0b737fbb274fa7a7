import type { idQueries } from '@/api/ids'

export type IdSource = keyof typeof idQueries

/** Ids by where they come from. */
export type KnownIds = Partial<Record<IdSource | 'steps', readonly string[]>>

/** Properties that hold an id: which, where the type of step does not say more. */
const byProperty: Readonly<Record<string, IdSource | 'steps'>> = { workflow: 'workflows', event: 'eventTypes', types: 'eventTypes', secrets: 'secrets', challengeSecret: 'secrets', step: 'steps', start: 'steps' }

/** Step and trigger types whose connection is one to a broker. */
const isMqtt = (type: string): boolean => /^mqtt|^wait$|\.publish/.test(type)

/** Which lists the ids of a type's properties come from; null for a workflow's own properties. */
export function sourcesOf(type: string | null): readonly IdSource[] {
  if (type === null) return ['workflows']
  if (type === 'workflow.call' || type === 'lookup') return ['workflows']
  if (type === 'event.emit' || type === 'event') return ['eventTypes']
  if (type === 'webhook') return ['secrets']
  if (isMqtt(type)) return ['brokers']
  return type.includes('.') ? ['accounts', 'secrets'] : []
}

const none: readonly string[] = []

/** The ids that may stand in a property. @param path From the step, trigger or workflow on. */
export function idsOf(type: string | null, path: readonly string[], known: KnownIds): readonly string[] {
  const name = path.at(-1) ?? ''
  if (name === 'connection' && type !== null) return isMqtt(type) ? (known.brokers ?? none) : accountsOf(type, known)
  const source = byProperty[name]
  return (source && known[source]) ?? none
}

/** Accounts of a connector; of databases and mail servers the names that secrets with an address begin with. */
function accountsOf(type: string, { accounts = none, secrets = none }: KnownIds): readonly string[] {
  const connector = type.slice(0, type.indexOf('.'))
  const own = accounts.filter((account) => account.startsWith(`${connector}/`)).map((account) => account.slice(connector.length + 1))
  const schemes = ['postgres', 'email'].includes(connector)
  return schemes ? secrets.filter((secret) => secret.endsWith('_URL')).map((secret) => secret.slice(0, -4).toLowerCase().replaceAll('_', '-')) : own
}
