import { textAt, type JsonObject } from '@/document/json'

/** The path of a webhook trigger as the server lists and keeps requests by it, while it is being written too. */
export function pathOf(config: JsonObject): string {
  const path = textAt(config, 'path') ?? ''
  return path.startsWith('/') ? path : `/${path}`
}
