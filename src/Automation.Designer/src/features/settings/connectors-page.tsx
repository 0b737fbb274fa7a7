import { useQuery } from '@tanstack/react-query'
import { connectors, type Connector } from '@/api/server'
import { Badge } from '@/ui/badge'
import { CodeBlock } from '@/ui/code-block'
import { Dialog } from '@/ui/dialog'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Empty } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import { useFilters } from '@/ui/filters'
import { Button } from '@/ui/button'
import { Table, type Column } from '@/ui/table'
import { useState } from 'react'
import { SettingsPage } from './settings-page'
import styles from './settings.module.css'

export function ConnectorsPage() {
  const { values, set } = useFilters('q')
  const query = useQuery(connectors)
  const [shown, setShown] = useState<Connector | null>(null)
  const columns: readonly Column<Connector>[] = [
    {
      title: 'Connector',
      width: '22%',
      cell: (each) => (
        <Button kind="quiet" className={styles.cellButton ?? ''} onClick={() => setShown(each)}>
          {each.title}
        </Button>
      ),
    },
    { title: 'Steps', cell: (each) => each.stepTypes.join(', ') || '–' },
    { title: 'Secrets', width: '26%', cell: (each) => each.credentials.map(({ secret }) => secret).join(', ') || 'none' },
    { title: 'From', width: '110px', cell: (each) => (each.builtIn ? 'built in' : 'a file') },
    { title: 'Problems', width: '96px', cell: (each) => (each.problems.length > 0 ? <Badge tone="bad">{each.problems.length}</Badge> : '–') },
  ]
  return (
    <SettingsPage title="Connectors" hint="Ready-made steps for other services, with the secrets that each needs." needs="viewer" tools={<SearchField label="Search" value={values.q} onChange={(q) => set({ q })} />}>
      <Loaded query={query}>
        {(all) => {
          const found = all.filter((each) => `${each.title} ${each.name} ${each.stepTypes.join(' ')}`.toLowerCase().includes(values.q.toLowerCase()))
          return found.length > 0 ? <Table label="Connectors" columns={columns} rows={found} rowKey={(each) => each.name} /> : <Empty title="No connector is called so.">One can be written as a JSON file in the connectors folder.</Empty>
        }}
      </Loaded>
      {shown ? (
        <Dialog title={shown.title} wide onClose={() => setShown(null)}>
          {shown.description ? <p>{shown.description}</p> : null}
          <KeyValues items={[['Steps', shown.stepTypes.join(', ')], ...shown.credentials.map(({ name, secret, help }) => [name, <><code>{secret}</code> {help}</>] as const)]} />
          {shown.problems.length > 0 ? <CodeBlock plain title="Problems of its file" text={JSON.stringify(shown.problems, null, 2)} /> : null}
        </Dialog>
      ) : null}
    </SettingsPage>
  )
}
