import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { endpointProblems, endpoints, type Endpoint } from '@/api/endpoints'
import { useRefusal } from '@/api/me'
import { endpointTo } from '@/parts/addresses'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { Listed } from '@/ui/listed'
import { Page, Problem } from '@/ui/page'
import type { Column } from '@/ui/table'
import { LinkTabs } from '@/ui/tabs'
import { Ago } from '@/ui/time'
import { EndpointForm } from './endpoint-form'
import { EndpointBadge } from './endpoint-badge'
import { endpointTabs } from './tabs'

export function EndpointsPage() {
  const list = useInfiniteQuery(endpoints)
  const problems = useQuery(endpointProblems).data ?? []
  const refusal = useRefusal('editor')
  const navigate = useNavigate()
  const [isMaking, setMaking] = useState(false)
  const make = (
    <Button kind="primary" icon={<Plus aria-hidden />} reason={refusal} onClick={() => setMaking(true)}>
      Register an endpoint
    </Button>
  )
  return (
    <Page title="Endpoints" tabs={<LinkTabs label="Views of endpoints" tabs={endpointTabs} />} hint="Addresses of outside applications, and the types of events that each gets." actions={make}>
      {problems.length > 0 ? <Problem sentences={problems.map(({ file, line, column, message }) => `${file}${line === null ? '' : `(${line},${column ?? 1})`}: ${message}`)} /> : null}
      <Listed
        label="Endpoints"
        list={list}
        columns={columns}
        rowKey={(endpoint) => endpoint.id}
        to={(endpoint) => endpointTo(endpoint.id)}
        empty={{ title: 'No application listens yet.', children: <><p>Register its address, and each event of the types it wants becomes a signed delivery.</p>{make}</> }}
      />
      {isMaking ? <EndpointForm endpoint={null} onClose={() => setMaking(false)} onSaved={(id) => void navigate(endpointTo(id))} /> : null}
    </Page>
  )
}

const columns: readonly Column<Endpoint>[] = [
  { title: 'State', width: '120px', cell: (endpoint) => <EndpointBadge endpoint={endpoint} /> },
  { title: 'Endpoint', width: '20%', cell: (endpoint) => <><strong>{endpoint.id}</strong> {endpoint.fromFile ? <Badge>from a file</Badge> : null}</> },
  { title: 'Address', cell: (endpoint) => endpoint.config.url },
  { title: 'Events', width: '22%', cell: (endpoint) => endpoint.config.events.join(', ') },
  { title: 'Failing since', width: '116px', align: 'end', cell: (endpoint) => (endpoint.failingSince ? <Ago at={endpoint.failingSince} /> : '–') },
]
