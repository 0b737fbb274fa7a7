import type { WebhookRequest } from '@/api/requests'
import { Badge, type Tone } from '@/ui/badge'

const tones: Readonly<Record<string, Tone>> = { accepted: 'good', duplicate: 'neutral', refused: 'bad', captured: 'info' }

export const OutcomeBadge = ({ request }: { request: WebhookRequest }) => <Badge tone={tones[request.outcome] ?? 'neutral'}>{request.outcome}</Badge>
