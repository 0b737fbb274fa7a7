import type { Files } from '@/document/files'

// What is edited and not saved is kept in the browser: a closed tab loses nothing. Each window has drafts of its own, so that none writes over
// another's or forgets it; and each user, so that who signs in next sees and saves nobody else's.

const prefix = 'automation.draft/'
const beginning = (user: string) => `${prefix}${encodeURIComponent(user)}/`

const windowItem = 'automation.window'
let known: string | null = null

/** This window, also when it is read anew. It stands in the session's store only between pages: a tab that is made of this one has a copy of that store. */
function own(): string {
  if (known !== null) return known
  const name = sessionStorage.getItem(windowItem) ?? [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const forget = () => sessionStorage.removeItem(windowItem)
  forget()
  window.addEventListener('pagehide', () => sessionStorage.setItem(windowItem, name))
  window.addEventListener('pageshow', forget)
  known = name
  return name
}

const ownKey = (user: string, id: string) => `${beginning(user)}${own()}/${id}`

/** What is typed into a field of a form and cannot be read yet. */
export interface UnfinishedField {
  /** As it was typed; of a map its rows. */
  typed: string | readonly (readonly [name: string, text: string])[]
  /** Why it cannot be read, as a sentence. */
  problem: string
  /** The value that the workflow holds meanwhile, as text; empty where it holds none. */
  over: string
}

/** By JSON Pointers into the workflow. */
export type UnfinishedFields = Readonly<Record<string, UnfinishedField>>

export interface Draft {
  /** The files that it began with. */
  files: Files
  /** Their `base` then; null for a workflow that is not on the server yet. */
  base: string | null
  /** Those of {@link files} that were in the folder, though the workflow did not name them. */
  beside?: readonly string[]
  /** Texts of the files that differ; null for one that is to go. */
  changed: Readonly<Record<string, string | null>>
  /** The workflow file's text as it was typed, where that is no JSON yet. */
  unfinished?: string
  /** What was typed into forms, where that cannot be read yet. */
  fields?: UnfinishedFields
  /** Drafts of other windows that are part of it. */
  holds?: readonly Pick<KeptDraft, 'key' | 'at'>[]
  /** When it was kept. */
  at: string
}

/** A draft as it was found. */
export interface KeptDraft extends Draft {
  id: string
  key: string
}

/** A user's drafts in this browser: this window's first, then the newest. @param id Only those of this workflow. */
export function draftsOf(user: string, id: string | null = null): KeptDraft[] {
  const begin = beginning(user)
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(begin) && (id === null || idIn(key, begin) === id))
    .flatMap((key): KeptDraft[] => {
      const draft = read(key)
      return draft === null ? [] : [{ ...draft, id: idIn(key, begin), key }]
    })
    .sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)) || b.at.localeCompare(a.at))
}

const idIn = (key: string, begin: string): string => key.slice(key.indexOf('/', begin.length) + 1)
/** Whether it is this window's. */
export const isOwn = ({ key }: KeptDraft): boolean => key.includes(`/${own()}/`)

function read(key: string): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as Draft | null
  } catch {
    return null
  }
}

/** Keeps this window's draft. @returns False when the browser's store is full. */
export function writeDraft(user: string, id: string, draft: Draft): boolean {
  try {
    localStorage.setItem(ownKey(user, id), JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

/** Forgets this window's draft. */
export const forgetDraft = (user: string, id: string): void => localStorage.removeItem(ownKey(user, id))

/** Forgets a draft that was found, if its window did not go on with it since. */
export function forgetKept({ key, at }: KeptDraft): void {
  if (read(key)?.at === at) localStorage.removeItem(key)
}

const channelName = 'automation.drafts'
const patience = 150

/** A question, or its answer, about who edits a draft. */
interface Message {
  asked?: string
  held?: string
}

/**
 * Says to other windows that this window edits its draft, until the function it returns is called.
 * @param lost When another window forgot the draft all the same.
 */
export function holdDraft(user: string, id: string, lost: () => void): () => void {
  const key = ownKey(user, id)
  const channel = new BroadcastChannel(channelName)
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.asked === key) channel.postMessage({ held: key } satisfies Message)
  }
  const listen = (event: StorageEvent) => {
    if (event.key === key && event.newValue === null) lost()
  }
  window.addEventListener('storage', listen)
  return () => {
    channel.close()
    window.removeEventListener('storage', listen)
  }
}

/** Keys of a workflow's drafts that other windows edit just now. A window that does not say so within 150 ms is gone. */
export async function heldElsewhere(user: string, id: string): Promise<ReadonlySet<string>> {
  const asked = draftsOf(user, id).filter((draft) => !isOwn(draft)).map(({ key }) => key)
  const held = new Set<string>()
  if (asked.length === 0) return held
  const channel = new BroadcastChannel(channelName)
  await new Promise<void>((resolve) => {
    setTimeout(resolve, patience)
    channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.held !== undefined && asked.includes(data.held)) held.add(data.held)
      if (held.size === asked.length) resolve()
    }
    for (const key of asked) channel.postMessage({ asked: key } satisfies Message)
  })
  channel.close()
  return held
}
