import { useMutation, useQuery } from '@tanstack/react-query'
import { Download, FlaskConical } from 'lucide-react'
import { Link, useNavigate, useParams } from 'react-router'
import { useRefusal } from '@/api/me'
import { replayRequest, request as requestQuery, requestBody } from '@/api/requests'
import { eventTo, runTo, workflowTo } from '@/parts/addresses'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { JsonTree } from '@/ui/json-tree'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Page } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { bytes } from '@/ui/size'
import { Ago } from '@/ui/time'
import { toast } from '@/ui/toast'
import { OutcomeBadge } from './outcome-badge'
import styles from './requests.module.css'

const up = { to: '/requests', label: 'Requests' }

export function RequestPage() {
  const { id = '' } = useParams()
  const query = useQuery(requestQuery(id))
  const refusal = useRefusal('editor')
  const navigate = useNavigate()
  const replay = useMutation({
    mutationFn: () => replayRequest(id),
    onSuccess: async ({ eventId, runIds }) => {
      toast(runIds.length === 1 ? 'It started a run.' : `It started ${runIds.length} runs.`)
      await navigate(runIds[0] && runIds.length === 1 ? runTo(runIds[0]) : eventTo(eventId))
    },
  })
  if (!query.data)
    return (
      <Page title="Request" up={up}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    )
  const { request, headers, data, hint, signed, scheme, query: search, contentType } = query.data
  const names = Object.entries((headers ?? {}) as Record<string, unknown>)
  return (
    <Page
      layout="wide"
      title={`${request.method} ${request.path}`}
      up={up}
      heading={
        <>
          <code className={styles.title}>
            {request.method} {request.path}
          </code>{' '}
          <OutcomeBadge request={request} />
        </>
      }
      hint={
        <>
          answered {request.status}, <Ago at={request.at} />
        </>
      }
      actions={
        <>
          {request.bodySize > 0 ? (
            <a href={requestBody(request.id)} download className={styles.download}>
              <Download aria-hidden size={14} /> Body
            </a>
          ) : null}
          <Button icon={<FlaskConical aria-hidden />} reason={refusal} disabled={replay.isPending} onClick={() => replay.mutate()} title="Gives it to the workflows that take its path now: without verification, filters and limits">
            Replay as a test
          </Button>
        </>
      }
    >
      {request.reason || hint ? (
        <div role="note" className={styles.reason}>
          {request.reason ? <strong>{request.reason}</strong> : null}
          {hint ? <p>{hint}</p> : null}
        </div>
      ) : null}
      <Columns least={420}>
        <Panel title="What was sent">
          <KeyValues
            items={[
              ['Path', <code key="">/hooks{request.path}{search}</code>],
              ['From', request.remoteAddress],
              ['Content type', contentType],
              ['Body', bytes(request.bodySize)],
              ['Workflow', request.workflow ? <Link key="" to={workflowTo(request.workflow)}>{request.workflow} · {request.trigger}</Link> : 'none takes this path'],
              ['Not kept before', request.skipped > 0 ? `${request.skipped} refused requests, because too many came` : null],
            ]}
          />
          <CodeBlock plain title="Headers" text={names.map(([name, value]) => `${name}: ${String(value)}`).join('\n')} />
        </Panel>
        {scheme || signed ? (
          <Panel title="What the signature is compared over" tools={scheme}>
            {signed ? <CodeBlock plain title="The beginning, its length and hash" text={signed} /> : <p>It did not get that far: the signature could not be read.</p>}
          </Panel>
        ) : null}
        <Panel title="Data">{data === null ? <p>The body is not what its content type says, or longer than what is kept.</p> : <JsonTree value={data} path="event.data" depth={4} />}</Panel>
      </Columns>
    </Page>
  )
}
