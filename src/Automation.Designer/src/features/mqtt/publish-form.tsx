import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { publish } from '@/api/mqtt'
import { FormDialog } from '@/ui/dialog'
import { Checkbox, Labelled, Select, TextArea, TextField } from '@/ui/field'
import { sentencesOf } from '@/ui/page'
import { toast } from '@/ui/toast'
import { payloadOf, topicProblem } from './messages'
import styles from './mqtt.module.css'

/** Publishes a message by hand. The window stays, so that another can follow. */
export function PublishForm({ initial, onClose }: { initial: string; onClose: () => void }) {
  const queries = useQueryClient()
  const [topic, setTopic] = useState(initial)
  const [payload, setPayload] = useState('')
  const [qos, setQos] = useState('1')
  const [retain, setRetain] = useState(false)
  const send = useMutation({
    mutationFn: () => publish({ topic, payload: payloadOf(payload), qos: Number(qos), retain }),
    meta: { told: true },
    onSuccess: () => {
      toast(`Published on ${topic}.`)
      return queries.invalidateQueries({ queryKey: ['topics'] })
    },
  })
  const problem = topic === '' ? null : topicProblem(topic)
  return (
    <FormDialog title="Publish a message" action="Publish" isPending={send.isPending} problems={problem ? [problem] : send.error ? sentencesOf(send.error) : []} onSubmit={() => !topicProblem(topic) && send.mutate()} onClose={onClose}>
      <Labelled label="Topic">{(field) => <TextField id={field} label="plants/1/temperature" required value={topic} onChange={(event) => setTopic(event.target.value)} />}</Labelled>
      <Labelled label="Payload" help="JSON, or any other text as it is.">{(field) => <TextArea id={field} rows={6} value={payload} onChange={(event) => setPayload(event.target.value)} />}</Labelled>
      <div className={styles.line}>
        <Select label="QoS" value={qos} onChoose={setQos} options={['0', '1', '2'].map((value) => ({ value, label: `QoS ${value}` }))} />
        <Checkbox label="Retain: later subscribers get it too" checked={retain} onChange={(event) => setRetain(event.target.checked)} />
      </div>
    </FormDialog>
  )
}
