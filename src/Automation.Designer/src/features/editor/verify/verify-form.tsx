import { useInfiniteQuery } from '@tanstack/react-query'
import { ExternalLink, X } from 'lucide-react'
import { Link } from 'react-router'
import { secrets as secretsQuery } from '@/api/access'
import { shapeOf } from '@/document/catalog'
import { isList, isObject, objectAt, objectOf, textAt, withProperty, without, type Json, type JsonObject } from '@/document/json'
import { IconButton } from '@/ui/button'
import { Labelled, Select, TextField } from '@/ui/field'
import { Fields, type FieldProps } from '../form/field'
import { pathOf } from './path'
import { Refusals } from './refusals'
import { schemeOf, schemes, type Scheme } from './schemes'
import styles from './verify-form.module.css'

interface VerifyFormProps {
  config: JsonObject
  /** The JSON Schema of `verify`. */
  schema: Json | undefined
  onChange: (verify: Json | undefined) => void
  problems: FieldProps['problems']
  ids: FieldProps['ids']
  scope: FieldProps['scope']
  disabled: boolean
}

/** Who may call a webhook: the fields that its senders' scheme has, and no other, with what was refused lately below. */
export function VerifyForm({ config, schema, onChange, problems, ids, scope, disabled }: VerifyFormProps) {
  const verify = isObject(config['verify']) ? config['verify'] : null
  const name = verify ? (textAt(verify, 'scheme') ?? '') : ''
  const scheme = schemeOf(name)
  const set = (property: string, value: Json | undefined) => onChange(value === undefined ? without(verify ?? {}, property) : withProperty(verify ?? {}, property, value))
  const general = problems(['verify']).filter((sentence) => !['secrets', ...(scheme?.takes ?? [])].some((property) => problems(['verify', property]).includes(sentence)))
  return (
    <section className={styles.verify} aria-label="Who may call">
      <Labelled label="Who may call" help={verify ? undefined : 'Anyone who knows the address. Choose who sends, so that only what they sign is taken.'}>
        {(id) => (
          <Select
            id={id}
            label="Who may call"
            value={name}
            disabled={disabled}
            onChoose={(next) => onChange(next === '' ? undefined : forScheme(verify ?? {}, next))}
            options={[{ value: '', label: 'Anyone' }, ...schemes.map((each) => ({ value: each.name, label: each.title })), ...(name !== '' && !scheme ? [{ value: name, label: name }] : [])]}
          />
        )}
      </Labelled>
      <Refusals path={pathOf(config)} />
      {general.map((sentence) => (
        <p key={sentence} role="alert" className={styles.wrong}>
          {sentence}
        </p>
      ))}
      {scheme && verify ? (
        <>
          <p className={styles.help}>
            {scheme.setUp}{' '}
            {scheme.docs ? (
              <a href={scheme.docs} target="_blank" rel="noreferrer">
                {scheme.title}’s documentation <ExternalLink aria-hidden />
              </a>
            ) : null}
          </p>
          {scheme.secret === null ? null : <Secrets scheme={scheme} chosen={listOf(verify['secrets'])} onChange={(next) => set('secrets', next.length > 0 ? next : undefined)} problems={problems(['verify', 'secrets'])} disabled={disabled} />}
          <Fields key={name} schema={schemaFor(scheme, schema)} value={verify} onChange={set} problems={problems} ids={ids} path={['verify']} scope={scope} elsewhere={['scheme', 'secrets']} disabled={disabled} />
        </>
      ) : null}
    </section>
  )
}

const listOf = (value: Json | undefined): readonly string[] => (isList(value) ? value.map(String) : [])

/** What of an old `verify` another scheme has too. */
function forScheme(verify: JsonObject, name: string): JsonObject {
  const scheme = schemeOf(name)
  const keeps = ['secrets', ...(scheme?.takes ?? [])].filter((property) => scheme?.secret !== null || property !== 'secrets')
  return objectOf([['scheme', name], ...Object.entries(verify).filter((entry): entry is [string, Json] => keeps.includes(entry[0]))])
}

/** The part of the schema that a scheme has, said without the names of the schemes that a property is for. */
function schemaFor(scheme: Scheme, schema: Json | undefined): JsonObject {
  const properties = objectAt(shapeOf(schema), 'properties')
  const own = scheme.takes.flatMap((name): [string, Json][] => {
    const property = properties[name]
    return isObject(property) ? [[name, withProperty(property, 'description', plainHelp(textAt(property, 'description') ?? ''))]] : []
  })
  return { properties: objectOf(own), required: scheme.needs ?? [] }
}

function plainHelp(text: string): string {
  const rest = text.replace(/^([a-z-]+(, [a-z-]+)*|Schemes with a timestamp): /, '')
  return rest.charAt(0).toUpperCase() + rest.slice(1)
}

interface SecretsProps {
  scheme: Scheme
  chosen: readonly string[]
  onChange: (names: readonly string[]) => void
  problems: readonly string[]
  disabled: boolean
}

/** Names of secrets, chosen from those on the server. */
function Secrets({ scheme, chosen, onChange, problems, disabled }: SecretsProps) {
  const known = useInfiniteQuery({ ...secretsQuery, enabled: !disabled, retry: false }).data
  const rest = (known ?? []).map((secret) => secret.name).filter((name) => !chosen.includes(name))
  return (
    <div className={styles.secrets} role="group" aria-label="Secrets">
      <span className={styles.name}>
        secrets {scheme.secretIsOptional ? null : <em>needed</em>}
      </span>
      {chosen.map((name) => (
        <span key={name} className={styles.secret}>
          <code>{name}</code>
          <IconButton label={`Take ${name} out`} disabled={disabled} onClick={() => onChange(chosen.filter((each) => each !== name))}>
            <X aria-hidden />
          </IconButton>
        </span>
      ))}
      {disabled ? null : known ? (
        <Select label="Add a secret" value="" disabled={rest.length === 0} onChoose={(name) => onChange([...chosen, name])} options={[{ value: '', label: rest.length > 0 ? (chosen.length > 0 ? 'Another, while one is being replaced …' : 'Choose a secret …') : 'No other secret is there' }, ...rest.map((name) => ({ value: name, label: name }))]} />
      ) : (
        <TextField label="Names, with commas between" value={chosen.join(', ')} onChange={(event) => onChange(event.target.value.split(/,\s*/).filter(Boolean))} />
      )}
      {problems.map((sentence) => (
        <p key={sentence} role="alert" className={styles.wrong}>
          {sentence}
        </p>
      ))}
      <p className={styles.help}>
        Holds {scheme.secret}. {disabled ? null : <Link to="/settings/secrets">Set secrets</Link>}
      </p>
    </div>
  )
}
