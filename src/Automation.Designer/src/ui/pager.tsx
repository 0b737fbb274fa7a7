import { Button } from './button'

/** Reads the next part of a list. */
export function More({ hasMore, isLoading, onMore }: { hasMore: boolean; isLoading: boolean; onMore: () => void }) {
  if (!hasMore) return null
  return (
    <div>
      <Button onClick={onMore} disabled={isLoading}>
        {isLoading ? 'Loading …' : 'Show more'}
      </Button>
    </div>
  )
}
