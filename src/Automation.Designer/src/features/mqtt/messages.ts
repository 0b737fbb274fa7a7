import type { Message } from '@/api/mqtt'

/** A message with a number of its own, which lists need. */
export interface Numbered {
  n: number
  message: Message
}

const most = 500

/** The newest first, so many at most that the page stays quick. */
export const withNewest = (list: readonly Numbered[], arrived: readonly Numbered[]): Numbered[] => [...arrived.toReversed(), ...list].slice(0, most)

/** A payload in one line. */
export function inOneLine(payload: unknown): string {
  if (typeof payload === 'string') return payload
  if (typeof payload === 'object' && payload !== null && 'base64' in payload) return `bytes: ${String((payload as { base64: unknown }).base64)}`
  return JSON.stringify(payload) ?? ''
}

/** What a person typed as a payload: JSON where it is, else text. */
export function payloadOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Why a text cannot be a topic name; null when it can (MQTT 5 §4.7). */
export function topicProblem(topic: string): string | null {
  if (topic === '') return 'A topic has at least one character.'
  if (/[+#]/.test(topic)) return '+ and # stand for other levels in filters; a message goes to one topic.'
  return null
}
