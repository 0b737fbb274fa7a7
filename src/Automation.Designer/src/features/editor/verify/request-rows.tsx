import { Link } from 'react-router'
import type { WebhookRequest } from '@/api/requests'
import { Badge } from '@/ui/badge'
import { Ago } from '@/ui/time'
import styles from './request-rows.module.css'

export function RequestRows({ rows }: { rows: readonly WebhookRequest[] }) {
  return (
    <ul className={styles.requests}>
      {rows.map((request) => (
        <li key={request.id}>
          <Badge tone={request.outcome === 'refused' ? 'bad' : request.outcome === 'captured' ? 'info' : 'good'}>{request.status}</Badge>
          <span>
            <Link to={request.id.startsWith('evt_') ? `/events/${request.id}` : `/requests/${request.id}`}>
              {request.method} {request.path}
            </Link>
            {request.reason ? <small>{request.reason}</small> : null}
          </span>
          <Ago at={request.at} />
        </li>
      ))}
    </ul>
  )
}
