import { Link } from 'react-router'
import type { RunDetails } from '@/api/runs'
import { deliveryTo, eventTo, keyTo, runTo, workflowTo } from '@/parts/addresses'
import { DeliveryBadge, EventBadge } from '@/parts/states'
import { KeyValues } from '@/ui/key-values'
import { Ago, span } from '@/ui/time'
import styles from './run.module.css'

/** Where a run came from and what came of it. */
export function RunAbout({ run }: { run: RunDetails }) {
  return (
    <div className={styles.padded}>
      <KeyValues
        items={[
          ['Run', <code key="">{run.id}</code>],
          ['Workflow', <Link key="" to={workflowTo(run.workflow)}>{run.workflow}</Link>],
          ['Version', <code key="">{run.version}</code>],
          ['Trigger', run.trigger],
          [
            'Event',
            run.event ? (
              <span key="" className={styles.line}>
                <Link to={eventTo(run.eventId)}>{run.event.type}</Link> <EventBadge state={run.event.state} /> <span className={styles.muted}>{run.event.source}</span>
              </span>
            ) : (
              'no longer kept'
            ),
          ],
          ['Key', run.key === null ? null : <Link key="" to={keyTo(run.workflow, run.key)}>{run.key}</Link>],
          ['Retry of', run.retryOf ? <Link key="" to={runTo(run.retryOf)}>{run.retryOf}</Link> : null],
          ['Retried as', run.retriedAs ? <Link key="" to={runTo(run.retriedAs)}>{run.retriedAs}</Link> : null],
          ['Accepted', <Ago key="" at={run.createdAt} />],
          ['Started', run.startedAt ? <Ago key="" at={run.startedAt} /> : null],
          ['Ended', run.endedAt ? <Ago key="" at={run.endedAt} /> : null],
          ['Waited', run.startedAt ? span(Date.parse(run.startedAt) - Date.parse(run.createdAt)) : null],
          ['Moves', run.moves.length > 0 ? run.moves.map((move) => `${move.from} → ${move.to}`).join(', ') : null],
        ]}
      />
      <h3>Deliveries</h3>
      {run.deliveries.length === 0 ? <p className={styles.muted}>It queued none.</p> : null}
      <ul className={styles.plainList}>
        {run.deliveries.slice(0, 200).map((delivery) => (
          <li key={delivery.id} className={styles.line}>
            <DeliveryBadge state={delivery.state} />
            <Link to={deliveryTo(delivery.id)}>{delivery.step}</Link>
            <span className={styles.muted}>
              {delivery.destination}
              {delivery.attemptsMade > 1 ? ` · ${delivery.attemptsMade} attempts` : ''}
            </span>
          </li>
        ))}
      </ul>
      {run.deliveries.length > 200 ? <Link to={`/deliveries?run=${run.id}`}>All {run.deliveries.length.toLocaleString('en')} deliveries</Link> : null}
      {run.actions.length > 0 ? (
        <>
          <h3>What people did</h3>
          <ul className={styles.plainList}>
            {run.actions.map((action) => (
              <li key={action.at} className={styles.line}>
                {action.actor} <code>{action.action}</code> <Ago at={action.at} />
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </div>
  )
}
