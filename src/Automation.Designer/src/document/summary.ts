import { compactText } from './canonical'
import { namesOf, type StepKind } from './catalog'
import { isList, isObject, keysOf, Numeral, objectAt, textAt, type Json, type JsonObject } from './json'
import { isWholeExpression } from './references'

const common = new Set(['type', 'name', 'notes', 'retry', 'timeout', 'disabled', 'next', 'start'])

/** What a step or trigger does, in some words for its box: the values that say most. */
export function summaryOf(config: JsonObject, kind: StepKind | undefined): string {
  const special = specials[textAt(config, 'type') ?? '']?.(config)
  if (special) return special
  const own = keysOf(config).filter((name) => !common.has(name))
  const required = kind?.schema['required']
  const first = namesOf(kind?.schema ?? {}).filter((name) => own.includes(name) && isList(required) && required.includes(name))
  const names = first.length > 0 ? first : own
  return names.slice(0, 2).map((name) => brief(config[name] ?? null)).filter(Boolean).join(' · ')
}

const brief = (value: Json): string => {
  if (typeof value === 'string') return isWholeExpression(value) ? value.slice(2, -1).trim() : value.replaceAll(/\$\{\s*([^}]*?)\s*\}/g, '{$1}')
  if (isList(value)) return value.map((item) => brief(item)).join(', ')
  if (isObject(value)) return keysOf(value).join(', ')
  return value instanceof Numeral ? value.text : String(value)
}

const words = (config: JsonObject, ...names: readonly string[]): string =>
  names
    .filter((name) => config[name] !== undefined)
    .map((name) => `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${brief(config[name] ?? null)}`)
    .join(', ')

const address = (config: JsonObject, method: string): string => `${textAt(config, 'method') ?? method} ${brief(config['url'] ?? '').replace(/^https?:\/\//, '')}`

const specials: Readonly<Record<string, (config: JsonObject) => string>> = {
  'webhook.send': (config) => address(config, 'POST'),
  'http.request': (config) => address(config, 'GET'),
  threshold: (config) => words(config, 'above', 'below', 'clearBelow', 'clearAbove', 'for'),
  debounce: (config) => words(config, 'for', 'edge'),
  throttle: (config) => words(config, 'per', 'emit'),
  silence: (config) => words(config, 'for'),
  delay: (config) => words(config, 'for', 'until'),
  window: (config) => words(config, 'kind', 'count', 'for'),
  repeat: (config) => words(config, 'while'),
  join: (config) => textAt(config, 'mode') ?? 'all',
  manual: () => 'by hand or by the API',
  script: (config) => textAt(config, 'file') ?? firstLine(config['code']),
  validate: (config) => textAt(config, 'schemaFile') ?? 'schema',
  switch: (config) => keysOf(objectAt(config, 'cases')).join(', '),
  schedule: (config) => [brief(config['cron'] ?? ''), config['every'] === undefined ? '' : `every ${brief(config['every'])}`, brief(config['timeZone'] ?? '')].filter(Boolean).join(' · '),
  webhook: (config) => `${isList(config['methods']) ? config['methods'].join(', ') : 'POST'} ${textAt(config, 'path') ?? ''}`,
  wait: (config) => (config['callback'] === undefined ? words(config, 'event', 'topic') : 'for a link to be followed'),
}

const firstLine = (code: Json | undefined): string => (isList(code) ? String(code.find((line) => String(line).trim() !== '') ?? '') : (textAt({ code: code ?? '' }, 'code') ?? '')).trim().split('\n')[0] ?? ''

/** A value on one line, cut where it gets long. */
export function shortText(value: Json | undefined, longest = 60): string {
  const text = value === undefined ? '–' : compactText(value).replaceAll(/\s+/g, ' ')
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
