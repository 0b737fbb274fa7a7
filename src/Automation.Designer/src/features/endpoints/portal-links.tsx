import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { endPortalLink, makePortalLink, portalLinks } from '@/api/endpoints'
import { Button, IconButton } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { Dialog } from '@/ui/dialog'
import { Labelled, Select } from '@/ui/field'
import { Loaded } from '@/ui/listed'
import { Ago } from '@/ui/time'
import styles from './endpoints.module.css'

const lifetimes = [
  { value: '1d', label: 'a day' },
  { value: '7d', label: 'a week' },
  { value: '30d', label: '30 days' },
]

/** Links to the page where whoever runs the receiver sees its deliveries. A new one is shown once. */
export function PortalLinks({ id, onClose }: { id: string; onClose: () => void }) {
  const queries = useQueryClient()
  const links = useQuery(portalLinks(id))
  const [expiresIn, setExpiresIn] = useState('7d')
  const onSettled = () => queries.invalidateQueries({ queryKey: ['portalLinks', id] })
  const make = useMutation({ mutationFn: () => makePortalLink(id, expiresIn), gcTime: 0, onSettled })
  const end = useMutation({ mutationFn: (link: string) => endPortalLink(id, link), onSettled })
  return (
    <Dialog
      firm
      title={`Portal of ${id}`}
      onClose={onClose}
      footer={
        <Button kind="primary" disabled={make.isPending} onClick={() => make.mutate()}>
          Make a link
        </Button>
      }
    >
      <p>Send a link to whoever runs the receiver: it opens a page with this endpoint&apos;s deliveries, and nothing else. Who has it gets in.</p>
      {make.data ? <CodeBlock plain title="It is shown this once" text={make.data.url} /> : null}
      <Labelled label="A new link opens for">{(field) => <Select id={field} label="A new link opens for" value={expiresIn} options={lifetimes} onChoose={setExpiresIn} />}</Labelled>
      <Loaded query={links}>
        {(found) => (
          <ul className={styles.links}>
            {found.map((link) => (
              <li key={link.id}>
                <code>{link.id}…</code>
                <span>
                  ends <Ago at={link.expiresAt} />, {link.openedAt ? <>opened <Ago at={link.openedAt} /></> : 'never opened'}
                </span>
                <IconButton label={`End the link ${link.id}`} onClick={() => end.mutate(link.id)}>
                  <Trash2 aria-hidden />
                </IconButton>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Dialog>
  )
}
