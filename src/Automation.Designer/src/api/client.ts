import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema'

/** Names of the API's own, as `Schemas['RunSummary']`. */
export type Schemas = components['schemas']

/** What the server answered instead of a result: problem details (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  /** @param status HTTP status; 0 when no answer came. @param errors Sentences by the parameter or field at fault. @param problem All that the server answered. @param retryAfter Seconds after which it may answer otherwise, where it says so. */
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly errors: Readonly<Record<string, readonly string[]>> = {},
    readonly problem: unknown = null,
    readonly retryAfter: number | null = null,
  ) {
    super(detail || title)
  }

  /** Everything there is to read, a sentence each. */
  get sentences(): string[] {
    return [this.detail || this.title, ...Object.entries(this.errors).flatMap(([name, texts]) => texts.map((text) => `${name}: ${text}`))]
  }

  /** Whether asking again later may be answered: nobody answered, or the server is busy or was asked something newer. */
  get isPassing(): boolean {
    return [0, 409, 429].includes(this.status) || this.status >= 500
  }

  static async of(response: Response): Promise<ApiError> {
    const problem: unknown = await response.json().catch(() => ({}))
    const { title, detail, errors } = (problem ?? {}) as { title?: string; detail?: string; errors?: Record<string, string[]> }
    return new ApiError(response.status, title ?? `The server answered ${response.status}`, detail ?? '', errors, problem, Number(response.headers.get('Retry-After')) || null)
  }
}

/** Goes to the sign-in page, which leads back to this one. */
export function signIn(): void {
  const { pathname, search, hash } = window.location
  window.location.assign(`/sign-in?return=${encodeURIComponent(pathname + search + hash)}`)
}

/** Tells `ended` when the server takes this browser for nobody, before the page goes to the sign-in page: who takes the event sees to it instead. */
export const session = new EventTarget()

function ended(): void {
  if (session.dispatchEvent(new Event('ended', { cancelable: true }))) signIn()
}

const check: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined
    if (response.status === 401) ended()
    throw await ApiError.of(response)
  },
  onError() {
    return new ApiError(0, 'No answer', 'The server does not answer. It may be starting again; this page tries again by itself.')
  },
}

export const client = createClient<paths>({ baseUrl: window.location.origin })
client.use(check)

/** The body of an answer that went through {@link check}: there is one, or it threw. */
export function bodyOf<T>(result: { data?: T }): T {
  if (result.data === undefined) throw new ApiError(0, 'Empty answer', 'The server answered without a body.')
  return result.data
}

/** Reads what the OpenAPI document does not describe in detail. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, { ...(signal ? { signal } : {}), headers: { Accept: 'application/json' } }).catch(() => {
    throw new ApiError(0, 'No answer', 'The server does not answer. It may be starting again; this page tries again by itself.')
  })
  if (response.status === 401) ended()
  if (!response.ok) throw await ApiError.of(response)
  return (await response.json()) as T
}
