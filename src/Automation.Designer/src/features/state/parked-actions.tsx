import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ListX, SkipForward, StepForward } from 'lucide-react'
import { drainKey, retryParked, skipParked, type KeySummary } from '@/api/keys'
import { useRefusal } from '@/api/me'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { toast } from '@/ui/toast'
import styles from './state.module.css'

/** What lets a parked key go on. */
export function ParkedActions({ item: { workflow, key, parked, waiting } }: { item: KeySummary }) {
  const queries = useQueryClient()
  const refusal = useRefusal('operator')
  const onSettled = () => Promise.all(['keys', 'key', 'runs', 'run'].map((name) => queries.invalidateQueries({ queryKey: [name] })))
  const retry = useMutation({ mutationFn: () => retryParked(workflow, key, 'failedStep'), onSuccess: () => toast('The run that parks it goes on from the failed step.'), onSettled })
  const skip = useMutation({ mutationFn: () => skipParked(workflow, key), onSuccess: () => toast('The key goes on without that run.'), onSettled })
  const drain = useMutation({ mutationFn: () => drainKey(workflow, key), onSuccess: (count) => toast(`${count} ${count === 1 ? 'run is' : 'runs are'} cancelled.`), onSettled })
  const askSkip = async () => {
    const yes = await confirmed({ title: `Let ${key} go on without the run that failed?`, consequences: ['That run stays failed; it can be retried later, but not in its place.', waiting > 0 ? `The ${waiting} runs behind it have their turn, in order.` : 'Nothing waits behind it.'], action: 'Skip the run' })
    if (yes) skip.mutate()
  }
  const askDrain = async () => {
    const yes = await confirmed({ title: `Cancel all that waits for ${key}?`, consequences: [`${waiting} runs are cancelled and cannot be retried.`, 'The key is parked no more.'], action: 'Cancel them', danger: true })
    if (yes) drain.mutate()
  }
  const isPending = retry.isPending || skip.isPending || drain.isPending
  return (
    <span className={styles.actions}>
      {parked ? (
        <>
          <Button icon={<StepForward aria-hidden />} reason={refusal} disabled={isPending} onClick={() => retry.mutate()}>
            Retry
          </Button>
          <Button icon={<SkipForward aria-hidden />} reason={refusal} disabled={isPending} onClick={() => void askSkip()}>
            Skip
          </Button>
        </>
      ) : null}
      {waiting > 0 ? (
        <Button kind="danger" icon={<ListX aria-hidden />} reason={refusal} disabled={isPending} onClick={() => void askDrain()}>
          Drain
        </Button>
      ) : null}
    </span>
  )
}
