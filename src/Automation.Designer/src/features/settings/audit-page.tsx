import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Download, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { audit, auditCheck, auditExport, type AuditEntry } from '@/api/access'
import { useMay } from '@/api/me'
import { SinceFilter } from '@/parts/filters'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { Dialog } from '@/ui/dialog'
import { useFilters } from '@/ui/filters'
import { JsonTree } from '@/ui/json-tree'
import { KeyValues } from '@/ui/key-values'
import { Listed } from '@/ui/listed'
import { Problem, sentencesOf } from '@/ui/page'
import { SearchField } from '@/ui/search-field'
import type { Column } from '@/ui/table'
import { Ago } from '@/ui/time'
import { SettingsPage } from './settings-page'
import styles from './settings.module.css'

const filters = ['actor', 'action', 'target', 'from'] as const
const unfiltered = Object.fromEntries(filters.map((name) => [name, '']))

export function AuditPage() {
  const { values, set, clear, isFiltered } = useFilters(...filters)
  const isAllowed = useMay('admin')
  const list = useInfiniteQuery({ ...audit(values), enabled: isAllowed })
  const newest = useInfiniteQuery({ ...audit(unfiltered), enabled: isAllowed }).data ?? [] // what filters can be chosen from
  const check = useQuery(auditCheck)
  const [shown, setShown] = useState<AuditEntry | null>(null)
  const columns: readonly Column<AuditEntry>[] = [
    { title: '#', width: '76px', align: 'end', cell: (entry) => entry.number },
    { title: 'Who', width: '18%', cell: (entry) => entry.actor },
    {
      title: 'What',
      width: '20%',
      cell: (entry) => (
        <Button kind="quiet" className={styles.cellButton ?? ''} onClick={() => setShown(entry)}>
          {entry.action}
        </Button>
      ),
    },
    { title: 'On', cell: (entry) => entry.target || '–' },
    { title: 'Answer', width: '84px', cell: (entry) => <Badge tone={entry.status < 400 ? 'good' : 'bad'}>{entry.status}</Badge> },
    { title: 'From', width: '140px', cell: (entry) => entry.address ?? '–' },
    { title: 'When', width: '96px', align: 'end', cell: (entry) => <Ago at={entry.at} /> },
  ]
  return (
    <SettingsPage
      title="Audit"
      hint="Who did what. Entries cannot be changed or deleted."
      needs="admin"
      actions={
        <>
          <a className={styles.download} href={auditExport(values, 'csv')} download>
            <Download aria-hidden size={14} /> CSV
          </a>
          <a className={styles.download} href={auditExport(values, 'jsonl')} download>
            <Download aria-hidden size={14} /> JSON lines
          </a>
          <Button icon={<ShieldCheck aria-hidden />} disabled={check.isFetching} onClick={() => void check.refetch()}>
            {check.isFetching ? 'Checking …' : 'Check it'}
          </Button>
        </>
      }
      tools={
        <>
          <SearchField label="Who" value={values.actor} onChange={(actor) => set({ actor })} list={newest.map(({ actor }) => actor)} />
          <SearchField label="What" value={values.action} onChange={(action) => set({ action })} list={newest.map(({ action }) => action)} />
          <SearchField label="On" value={values.target} onChange={(target) => set({ target })} list={newest.map(({ target }) => target)} width={220} />
          <SinceFilter value={values.from} onChange={(from) => set({ from })} />
          {isFiltered ? (
            <Button kind="quiet" onClick={clear}>
              Clear
            </Button>
          ) : null}
        </>
      }
    >
      {check.error ? <Problem sentences={sentencesOf(check.error)} onRetry={() => void check.refetch()} /> : null}
      {check.data ? (
        <div role="status" className={check.data.whole ? styles.whole : styles.broken}>
          <strong>{check.data.whole ? `All ${check.data.entries.toLocaleString('en')} entries are as they were written.` : (check.data.problem ?? 'The log was changed.')}</strong>
          <p>
            Entry {check.data.number}, hash <code>{check.data.hash}</code>. Noted elsewhere, it shows later whether the end was cut off.
          </p>
        </div>
      ) : null}
      <Listed label="Audit log" list={list} columns={columns} rowKey={(entry) => String(entry.number)} empty={isFiltered ? { title: 'No entry is like this.', children: <><p>Who, what and on what have to be written whole.</p><Button onClick={clear}>Show all entries</Button></> } : { title: 'Nothing was changed yet.' }} />
      {shown ? (
        <Dialog title={`Entry ${shown.number}`} wide onClose={() => setShown(null)}>
          <KeyValues
            items={[
              ['Who', shown.actor],
              ['What', shown.action],
              ['On', shown.target],
              ['From', shown.address],
              ['When', new Date(shown.at).toISOString()],
              ['Answer', shown.status],
            ]}
          />
          {shown.detail === null || shown.detail === undefined ? null : <JsonTree value={shown.detail} path="detail" depth={4} />}
          <CodeBlock plain title="Hash over the entry before and this one" text={shown.hash} />
        </Dialog>
      ) : null}
    </SettingsPage>
  )
}
