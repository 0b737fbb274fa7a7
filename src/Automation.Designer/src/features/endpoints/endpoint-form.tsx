import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { eventTypes, putEndpoint, type Endpoint, type EndpointConfig } from '@/api/endpoints'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, Select, TextArea, TextField } from '@/ui/field'
import { sentencesOf } from '@/ui/page'
import { toast } from '@/ui/toast'
import styles from './endpoints.module.css'

const signings = ['standard-webhooks', 'standard-webhooks-v1a', 'github', 'hmac', 'none'] as const
const formats = ['plain', 'cloudevents', 'cloudevents-binary'] as const
const options = (values: readonly string[]) => values.map((value) => ({ value, label: value }))

/** Registers an endpoint, or sets it to something else. */
export function EndpointForm({ endpoint, onClose, onSaved }: { endpoint: Endpoint | null; onClose: () => void; onSaved: (id: string) => void }) {
  const queries = useQueryClient()
  const known = useQuery(eventTypes).data ?? []
  const [id, setId] = useState(endpoint?.id ?? '')
  const [config, setConfig] = useState<EndpointConfig>(endpoint?.config ?? { url: '', events: [] })
  const [events, setEvents] = useState(config.events.join(', '))
  const [handshake, setHandshake] = useState(false)
  const change = (changes: Partial<EndpointConfig>) => setConfig({ ...config, ...changes })
  const save = useMutation({
    mutationFn: () => putEndpoint(id, { ...config, events: events.split(/[\s,]+/).filter(Boolean) }, handshake),
    meta: { told: true },
    onSuccess: async () => {
      await Promise.all([queries.invalidateQueries({ queryKey: ['endpoints'] }), queries.invalidateQueries({ queryKey: ['endpoint', id] })])
      toast(endpoint ? 'Saved.' : `Endpoint ${id} is registered.`)
      onClose()
      onSaved(id)
    },
  })
  return (
    <FormDialog
      wide
      title={endpoint ? `Endpoint ${endpoint.id}` : 'Register an endpoint'}
      action={endpoint ? 'Save' : 'Register'}
      isPending={save.isPending}
      problems={save.error ? sentencesOf(save.error) : []}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <div className={styles.grid}>
        <Labelled label="Name" help="In addresses and lists: lower-case letters, digits and dashes.">
          {(field) => <TextField id={field} label="acme" value={id} required disabled={endpoint !== null} onChange={(event) => setId(event.target.value)} />}
        </Labelled>
        <Labelled label="Description">{(field) => <TextField id={field} label="For people" value={config.description ?? ''} onChange={(event) => change({ description: event.target.value || null })} />}</Labelled>
      </div>
      <Labelled label="Address" help="Where events are posted to. It may hold ${secret.NAME}.">
        {(field) => <TextField id={field} label="https://…" value={config.url} required onChange={(event) => change({ url: event.target.value })} />}
      </Labelled>
      <Labelled label="Event types" help={known.length > 0 ? `Names, order.* for all that begin so, * for all. Described are: ${known.map(({ name }) => name).join(', ')}.` : 'Names, order.* for all that begin so, * for all.'}>
        {(field) => <TextField id={field} label="order.*, invoice.paid" value={events} required onChange={(event) => setEvents(event.target.value)} />}
      </Labelled>
      <div className={styles.grid}>
        <Labelled label="Signed as">{(field) => <Select id={field} label="Signed as" value={config.signing ?? 'standard-webhooks'} options={options(signings)} onChoose={(value) => change({ signing: signings.find((each) => each === value) ?? 'standard-webhooks' })} />}</Labelled>
        {config.signing === 'hmac' ? (
          <Labelled label="Header of the signature">{(field) => <TextField id={field} label="X-Signature" value={config.signatureHeader ?? ''} required onChange={(event) => change({ signatureHeader: event.target.value || null })} />}</Labelled>
        ) : null}
        <Labelled label="Bodies">{(field) => <Select id={field} label="Bodies" value={config.format ?? 'plain'} options={options(formats)} onChoose={(value) => change({ format: formats.find((each) => each === value) ?? 'plain' })} />}</Labelled>
        <Labelled label="Order">
          {(field) => (
            <Select
              id={field}
              label="Order"
              value={config.order ?? 'unordered'}
              options={[
                { value: 'unordered', label: 'side by side' },
                { value: 'strict', label: 'same key one at a time, in order' },
              ]}
              onChoose={(value) => change({ order: value === 'strict' ? 'strict' : 'unordered' })}
            />
          )}
        </Labelled>
        <Labelled label="Rate" help="Deliveries in a second.">
          {(field) => <TextField id={field} type="number" min={0.1} step="any" label="the server's" value={config.ratePerSecond ?? ''} onChange={(event) => change({ ratePerSecond: event.target.value ? Number(event.target.value) : null })} />}
        </Labelled>
      </div>
      <details>
        <summary>Filter and transform</summary>
        <div className={styles.more}>
          <Labelled label="Filter" help="A JavaScript expression over event; what it is not true for is left out.">
            {(field) => <TextField id={field} label="event.data.amount > 100" value={config.filter ?? ''} onChange={(event) => change({ filter: event.target.value || null })} />}
          </Labelled>
          <Labelled label="Transform" help="The body of a JavaScript function of event; what it returns is sent.">
            {(field) => <TextArea id={field} rows={4} placeholder="return { id: event.data.id }" value={config.transform ?? ''} onChange={(event) => change({ transform: event.target.value || null })} />}
          </Labelled>
        </div>
      </details>
      <Checkbox label="Ask the receiver first: it has to answer a challenge" checked={handshake} onChange={(event) => setHandshake(event.target.checked)} />
    </FormDialog>
  )
}
