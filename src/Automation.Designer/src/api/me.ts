import { queryOptions, useQuery } from '@tanstack/react-query'
import { bodyOf, client, signIn, type Schemas } from './client'

export type Caller = Schemas['CallerView']
export type Role = Schemas['Role']

export const roles: readonly Role[] = ['viewer', 'operator', 'editor', 'admin']

/** Who the browser's session belongs to. */
export const me = queryOptions({ queryKey: ['me'], staleTime: Infinity, queryFn: async ({ signal }) => bodyOf(await client.GET('/api/me', { signal })) })

/** Who it belongs to now: in another tab somebody else may have signed in. @throws ApiError */
export const readCaller = async (): Promise<Caller> => bodyOf(await client.GET('/api/me'))

/** Whether a role may do what `needed` may. */
export const may = (caller: Caller | undefined, needed: Role): boolean => caller !== undefined && roles.indexOf(caller.role) >= roles.indexOf(needed)

/** Whether the user may do what `needed` may. */
export const useMay = (needed: Role): boolean => may(useQuery(me).data, needed)

/** Why the user may not do what asks for `needed`; undefined for who may. */
export function useRefusal(needed: Role): string | undefined {
  const caller = useQuery(me).data
  return may(caller, needed) ? undefined : refusal(needed, caller)
}

const refusal = (needed: Role, caller: Caller | undefined) => `This asks for the role ${needed}${caller ? `; yours is ${caller.role}` : ''}.`

const channelName = 'automation.session'

/** Ends the browser's session, tells the other tabs, and goes to the sign-in page. @throws Error It was not ended. */
export async function signOut(): Promise<void> {
  const answer = await fetch('/sign-out', { method: 'POST', redirect: 'manual' })
  if (answer.type !== 'opaqueredirect') throw new Error(`The server answered ${answer.status}.`)
  const channel = new BroadcastChannel(channelName)
  channel.postMessage('signed out')
  channel.close()
  window.location.assign('/sign-in')
}

/** Goes to the sign-in page when another tab signed out, until the function it returns is called: what this page shows is for that user alone. */
export function followSignOut(): () => void {
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = signIn
  return () => channel.close()
}
