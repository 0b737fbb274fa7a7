import type { Endpoint } from '@/api/endpoints'
import { Badge, type Tone } from '@/ui/badge'

const tones: Readonly<Record<string, Tone>> = { active: 'good', paused: 'warn', disabled: 'bad' }

export const EndpointBadge = ({ endpoint }: { endpoint: Endpoint }) => <Badge tone={endpoint.failingSince && endpoint.state === 'active' ? 'warn' : (tones[endpoint.state] ?? 'neutral')}>{endpoint.failingSince && endpoint.state === 'active' ? 'failing' : endpoint.state}</Badge>
