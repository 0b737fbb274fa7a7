import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { readSecret, rotateSecret } from '@/api/endpoints'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { Dialog } from '@/ui/dialog'
import { Labelled, Select } from '@/ui/field'
import { Ago } from '@/ui/time'

const overlaps = ['0s', '1h', '24h', '7d']

/** Shows an endpoint's secret when asked to, and makes another. It is read for this window alone and not kept. */
export function EndpointSecret({ id, onClose }: { id: string; onClose: () => void }) {
  const [overlap, setOverlap] = useState('24h')
  const show = useMutation({ mutationFn: () => readSecret(id), gcTime: 0 })
  const rotate = useMutation({ mutationFn: () => rotateSecret(id, overlap), gcTime: 0 })
  const secret = rotate.data ?? show.data
  return (
    <Dialog
      firm
      title={`Secret of ${id}`}
      onClose={onClose}
      footer={
        <>
          <Button kind="danger" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
            Make another
          </Button>
          {secret ? null : (
            <Button kind="primary" disabled={show.isPending} onClick={() => show.mutate()}>
              Show it
            </Button>
          )}
        </>
      }
    >
      <p>The receiver verifies signatures with it. Who has it can sign as this server, so hand it over where only the receiver reads it.</p>
      {secret?.secrets.map((text, place) => <CodeBlock key={text} plain title={place === 0 ? 'The newest' : 'The one before'} text={text} />)}
      {secret?.previousUntil ? (
        <p>
          Both count until <Ago at={secret.previousUntil} />.
        </p>
      ) : null}
      <Labelled label="When another is made, the older one counts for" help="Until then deliveries carry both signatures.">
        {(field) => <Select id={field} label="Overlap" value={overlap} onChoose={setOverlap} options={overlaps.map((value) => ({ value, label: value === '0s' ? 'no time: it is known to others' : value }))} />}
      </Labelled>
    </Dialog>
  )
}
