import { isList, isObject, objectAt, type Json, type JsonObject } from './json'

/** What is known of a step or trigger type: from the server's catalogue and its JSON Schema of workflow files. */
export interface StepKind {
  type: string
  title: string
  description: string | null
  category: string
  /** A Lucide icon's name. */
  icon: string
  /** Those that every step of the type has, without `error`. */
  outcomes: readonly string[]
  /** Everything that may stand in the step, `type` and `next` too, in the order in which files are written. */
  schema: JsonObject
}

export interface Catalog {
  steps: ReadonlyMap<string, StepKind>
  triggers: ReadonlyMap<string, StepKind>
  /** JSON Schema of workflow files. */
  schema: JsonObject
}

interface StepTypeEntry {
  type: string
  title: string
  description: string | null
  category: string
  icon: string
  outcomes: readonly string[]
}

type TriggerTypeEntry = Omit<StepTypeEntry, 'category' | 'outcomes'>

/** Category of operations of connectors: their fields are written as they stood, whatever the connector says today. */
export const connectors = 'Connectors'

export function catalogOf(schema: JsonObject, steps: readonly StepTypeEntry[], triggers: readonly TriggerTypeEntry[]): Catalog {
  const definitions = objectAt(schema, '$defs')
  return {
    schema,
    steps: new Map(steps.map((step) => [step.type, { ...step, schema: objectAt(definitions, `step.${step.type}`) }])),
    triggers: new Map(triggers.map((trigger) => [trigger.type, { ...trigger, category: 'Triggers', outcomes: ['start'], schema: objectAt(definitions, `trigger.${trigger.type}`) }])),
  }
}

/** The part of a schema that says what is inside, past "or null" and "or an expression". */
export function shapeOf(schema: Json | undefined): JsonObject {
  if (!isObject(schema)) return {}
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (!isList(choices)) return schema
  const inner = choices.find((choice) => isObject(choice) && !isExpression(choice))
  return inner === undefined ? schema : { ...shapeOf(inner), ...schema }
}

/** Whether a schema is the one that lets `${…}` stand for a value of another kind. */
export const isExpression = (schema: Json): boolean => isObject(schema) && schema['type'] === 'string' && schema['pattern'] === '\\$\\{'

/** Names of the properties that a schema describes, in its order. */
export const namesOf = (schema: JsonObject): readonly string[] => Object.keys(objectAt(schema, 'properties'))
