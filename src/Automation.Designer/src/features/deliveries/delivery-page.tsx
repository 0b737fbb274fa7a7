import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { Link, useParams } from 'react-router'
import { delivery as deliveryQuery, replayDelivery, type Attempt } from '@/api/deliveries'
import { useRefusal } from '@/api/me'
import { plainText } from '@/document/canonical'
import { parseJson } from '@/document/json-text'
import { endpointTo, runTo, workflowTo } from '@/parts/addresses'
import { DeliveryBadge } from '@/parts/states'
import { Badge } from '@/ui/badge'
import { Button } from '@/ui/button'
import { CodeBlock } from '@/ui/code-block'
import { Copy } from '@/ui/copy'
import { KeyValues } from '@/ui/key-values'
import { Loaded } from '@/ui/listed'
import { Empty, Page } from '@/ui/page'
import { Columns, Panel } from '@/ui/panel'
import { bytes } from '@/ui/size'
import { Ago, span } from '@/ui/time'
import { toast } from '@/ui/toast'
import { Bar } from '@/ui/waterfall'
import styles from './deliveries.module.css'
import { timingOf } from './timing'

const up = { to: '/deliveries', label: 'Deliveries' }

export function DeliveryPage() {
  const { id = '' } = useParams()
  const query = useQuery({ ...deliveryQuery(id), refetchInterval: ({ state }) => (state.data && state.data.endedAt === null ? 2_000 : false) })
  const queries = useQueryClient()
  const refusal = useRefusal('operator')
  const replay = useMutation({ mutationFn: () => replayDelivery(id), onSuccess: () => toast('It is made again.'), onSettled: () => queries.invalidateQueries({ queryKey: ['delivery', id] }) })
  const delivery = query.data
  if (!delivery)
    return (
      <Page title="Delivery" up={up}>
        <Loaded query={query}>{() => null}</Loaded>
      </Page>
    )
  const { request, attempts } = delivery
  const hasEnded = delivery.state === 'dead' || delivery.state === 'succeeded'
  return (
    <Page
      layout="wide"
      title={`Delivery ${delivery.id}`}
      up={up}
      heading={
        <>
          {request.method} {delivery.destination} <DeliveryBadge state={delivery.state} />
          {delivery.isBlocked ? <Badge tone="warn">blocked by an earlier one of its order key</Badge> : null}
        </>
      }
      hint={
        <span className={styles.line}>
          <code>{delivery.id}</code> <Copy text={delivery.id} label="Copy the delivery's id" />
        </span>
      }
      actions={
        <Button
          kind={delivery.state === 'dead' ? 'primary' : 'plain'}
          icon={<RotateCcw aria-hidden />}
          reason={refusal ?? (hasEnded ? undefined : 'It is still being tried.')}
          disabled={replay.isPending}
          onClick={() => replay.mutate()}
        >
          Replay
        </Button>
      }
    >
      <Columns least={420}>
        <Panel title="About">
          <KeyValues
            items={[
              ['Address', <code key="">{request.url}</code>],
              ['Queued by', delivery.endpoint ? <Link key="" to={endpointTo(delivery.endpoint)}>endpoint {delivery.endpoint}</Link> : <Link key="" to={workflowTo(delivery.workflow)}>{delivery.workflow} · {delivery.step}</Link>],
              ['Run', delivery.runId ? <Link key="" to={runTo(delivery.runId)}>{delivery.runId}</Link> : null],
              ['Attempts', `${delivery.attemptsMade} of ${delivery.maxAttempts}`],
              ['Next try', delivery.nextAttemptAt ? <Ago key="" at={delivery.nextAttemptAt} /> : null],
              ['Queued', <Ago key="" at={delivery.createdAt} />],
              ['Ended', delivery.endedAt ? <Ago key="" at={delivery.endedAt} /> : null],
              ['Order key', delivery.orderKey],
              ['Idempotency key', <code key="">{delivery.idempotencyKey}</code>],
              ['Signed with', request.signingSecret],
              ['Time-out', span(request.timeoutSeconds * 1000)],
            ]}
          />
        </Panel>
        <Panel title={`Body, ${bytes(request.bodyBytes)}`} tools={request.contentType}>
          {request.bodyText === null && request.bodyBase64 === null ? <p className={styles.muted}>It has none.</p> : <CodeBlock plain title={request.bodyText === null ? 'bytes, in base64' : ''} text={pretty(request.bodyText ?? request.bodyBase64 ?? '')} />}
        </Panel>
      </Columns>
      <Panel title="Attempts">
        {attempts.length === 0 ? (
          <Empty title="It has not been tried yet." />
        ) : (
          <ol className={styles.attempts}>
            {attempts.toReversed().map((attempt) => (
              <AttemptItem key={`${attempt.number} ${attempt.startedAt}`} attempt={attempt} isOpen={attempt === attempts.at(-1)} longest={Math.max(...attempts.map((each) => each.durationMs))} />
            ))}
          </ol>
        )}
      </Panel>
    </Page>
  )
}

function AttemptItem({ attempt, isOpen, longest }: { attempt: Attempt; isOpen: boolean; longest: number }) {
  const { segments } = timingOf(attempt)
  const parts = segments.map(({ name, length }) => `${name} ${span(length)}`).join(', ')
  return (
    <li>
      <details open={isOpen}>
        <summary>
          <span className={styles.number}>{attempt.number}</span>
          <Badge tone={attempt.error === null ? 'good' : 'bad'}>{attempt.status ?? attempt.error ?? 'no answer'}</Badge>
          <span className={styles.message}>{attempt.message ?? 'Delivered.'}</span>
          <Bar label={parts} total={longest} segments={segments} />
          <span className={styles.took}>{span(attempt.durationMs)}</span>
          <span className={styles.when}>
            <Ago at={attempt.startedAt} />
          </span>
        </summary>
        <p className={styles.muted}>{parts}</p>
        <Columns least={360}>
          {attempt.requestHead ? <CodeBlock plain title="What was sent" text={attempt.requestHead.trimEnd()} /> : null}
          {attempt.responseHead ? <CodeBlock plain title="What was answered" text={attempt.responseHead.trimEnd()} /> : null}
        </Columns>
      </details>
    </li>
  )
}

/** JSON with line breaks; other text as it is. */
function pretty(text: string): string {
  try {
    return plainText(parseJson(text).value).trimEnd() // numbers as they are, beyond those that JavaScript counts with too
  } catch {
    return text
  }
}
