import { isObject, textAt, type JsonObject } from '@/document/json'
import { schemeOf } from './schemes'

export interface SampleCall {
  title: string
  /** Null where none can be given: the note says why. */
  text: string | null
  /** What has to be known to use it; null when nothing has. */
  note: string | null
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Names of secrets, as the server has them. */
const isSecret = (name: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(name)
/** Tokens of HTTP (RFC 9110 §5.6.2) but those that mean something to a shell. */
const isHeader = (name: string): boolean => /^[A-Za-z0-9._-]+$/.test(name)
/** What a terminal could take for keys that are pressed. */
const hasControls = (text: string): boolean => /[\u0000-\u001f\u007f-\u009f]/.test(text) // eslint-disable-line no-control-regex -- just these

/**
 * A line for a shell that calls a webhook as its senders do: with curl, or where they sign with the server's own `send`.
 * The file may come from anybody: what is no plain name, or could be taken for more than a value, gives no line.
 */
export function sampleCall(config: JsonObject, method: string, address: string, body: unknown): SampleCall {
  const verify = isObject(config['verify']) ? config['verify'] : {}
  const scheme = textAt(verify, 'scheme') ?? 'none'
  const secret = Array.isArray(verify['secrets']) && typeof verify['secrets'][0] === 'string' ? verify['secrets'][0] : 'SECRET'
  const apiKey = textAt(verify, 'header') ?? 'X-API-Key'
  const user = textAt(verify, 'user') ?? ''
  const known = schemeOf(scheme)
  const options = Object.entries(verify).flatMap(([name, value]) => (typeof value === 'string' && name !== 'scheme' && name !== 'replayWindow' && name !== 'challengeSecret' ? [`${name}=${value}`] : []))
  const refuse = (what: string): SampleCall => ({ title: 'With curl', text: null, note: `No sample call is made: ${what}` })
  if (!known) return refuse('there is no such scheme of verification.')
  if (!isSecret(secret)) return refuse('the secret’s name is none; it has to be of capital letters, digits and _.')
  if (!/^[A-Z]+$/.test(method)) return refuse('its method is not one of HTTP.')
  if (scheme === 'api-key' && !isHeader(apiKey)) return refuse('the header’s name has other characters than letters, digits, -, _ and the full stop.')
  if ([address, user, ...options].some(hasControls)) return refuse('the path or a setting has characters that cannot be seen.')
  const given = known.secret ? `"$${secret}"` : ''
  const proofs = new Map([
    ['none', ''],
    ['bearer', ` \\\n  -H "Authorization: Bearer $${secret}"`],
    ['api-key', ` \\\n  -H "${apiKey}: $${secret}"`],
    ['basic', ` \\\n  -u ${quoted(user)}:${given}`],
    ['mtls', ' \\\n  --cert client.pem --key client.key'],
  ])
  const note = given === '' ? null : `Put the secret’s value for ${given}: the server does not show it.`
  const proof = proofs.get(scheme)
  if (proof === undefined) {
    const send = `./automation send --provider ${scheme} --secret ${given} \\\n  --to ${quoted(address)}${options.map((option) => ` \\\n  --option ${quoted(option)}`).join('')}`
    return { title: 'With a signature', text: send, note: ['Sends a sample event of the provider, signed.', note].filter(Boolean).join(' ') }
  }
  const data = method === 'GET' || method === 'DELETE' ? '' : ` \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body))}`
  return { title: 'With curl', text: `curl -X ${method} ${quoted(address)}${proof}${data}`, note }
}
