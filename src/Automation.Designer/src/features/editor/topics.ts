/** An MQTT topic filter for a topic with named levels. */
export const filterOf = (topic: string): string => topic.replaceAll(/\{[^}/]*\}/g, '+')

/** The named levels of a topic that fits a filter; null when it does not. */
export function namedLevels(filter: string, topic: string): Record<string, string> | null {
  const [wanted, levels] = [filter.split('/'), topic.split('/')]
  const params: Record<string, string> = {}
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return params
    const is = levels[index]
    if (is === undefined) return null
    const name = /^\{(.+)\}$/.exec(level)?.[1]
    if (name !== undefined) params[name] = is
    else if (level !== '+' && level !== is) return null
  }
  return levels.length === wanted.length ? params : null
}
