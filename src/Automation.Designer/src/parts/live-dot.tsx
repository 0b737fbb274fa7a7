import { Badge } from '@/ui/badge'

/** Whether a list changes by itself. */
export const LiveDot = ({ isLive }: { isLive: boolean }) => <Badge tone={isLive ? 'good' : 'neutral'}>{isLive ? 'live' : 'connecting'}</Badge>
