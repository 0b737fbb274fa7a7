import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Ban, FastForward, Pencil, RotateCcw, StepForward } from 'lucide-react'
import { useNavigate } from 'react-router'
import { useRefusal } from '@/api/me'
import { cancelRun, retryRun, type RetryKind, type RunDetails } from '@/api/runs'
import { workflow as workflowQuery } from '@/api/workflows'
import { runTo, workflowTo } from '@/parts/addresses'
import { SaveTestCase } from '@/parts/save-test-case'
import { Button } from '@/ui/button'
import { confirmed } from '@/ui/confirm'
import { Menu } from '@/ui/menu'
import { toast } from '@/ui/toast'

/** What can be done to a run: a failed one is retried, one that has not ended is cancelled. */
export function RunActions({ run }: { run: RunDetails }) {
  const refusal = useRefusal('operator')
  const queries = useQueryClient()
  const navigate = useNavigate()
  const settle = () => Promise.all([queries.invalidateQueries({ queryKey: ['run', run.id] }), queries.invalidateQueries({ queryKey: ['runs'] })])
  const retry = useMutation({
    mutationFn: (kind: RetryKind) => retryRun(run.id, kind),
    onSuccess: async ({ id }) => {
      toast(id === run.id ? 'The run goes on from the failed step.' : 'Another run takes its place.')
      if (id !== run.id) await navigate(runTo(id))
    },
    onSettled: settle,
  })
  const cancel = useMutation({ mutationFn: () => cancelRun(run.id), onSuccess: () => toast('The run is cancelled.'), onSettled: settle })
  const askCancel = async () => {
    const yes = await confirmed({
      title: 'Cancel this run?',
      consequences: ['A step under way is cut off; what has ended is kept.', 'Deliveries that it queued are sent all the same.', 'The next run of its key has its turn. A cancelled run cannot be retried.'],
      action: 'Cancel the run',
      danger: true,
    })
    if (yes) cancel.mutate()
  }
  const hasEnded = run.endedAt !== null
  const canRetry = run.state === 'failed' && run.retriedAs === null
  const active = useQuery({ ...workflowQuery(run.workflow), enabled: canRetry }).data?.version ?? run.version
  const hasNewer = active !== run.version // the mistake may be mended there
  const failedStep = run.failedStep ?? 'the failed step'
  const whyNot = refusal ?? (run.retriedAs ? 'It was retried already, as another run.' : run.state !== 'failed' ? 'Only failed runs are retried.' : undefined)
  return (
    <>
      {canRetry ? (
        <Button
          kind="primary"
          title={hasNewer ? 'What has run is kept; the run goes on in the newest version' : 'What has run is kept'}
          icon={<StepForward aria-hidden />}
          reason={refusal}
          disabled={retry.isPending}
          onClick={() => retry.mutate(hasNewer ? 'failedStepNewest' : 'failedStep')}
        >
          Retry from {failedStep}
        </Button>
      ) : null}
      {hasEnded ? null : (
        <Button kind="danger" icon={<Ban aria-hidden />} reason={refusal} disabled={cancel.isPending} onClick={() => void askCancel()}>
          Cancel
        </Button>
      )}
      <SaveTestCase runs={[run]} />
      <Menu
        label="More actions"
        items={[
          { label: "Edit the workflow with this run's data", icon: <Pencil aria-hidden />, onChoose: () => void navigate(`${workflowTo(run.workflow)}?sample=${run.id}`) },
          ...(canRetry && hasNewer ? [{ label: `Retry from ${failedStep} in its own version`, icon: <StepForward aria-hidden />, reason: refusal, onChoose: () => retry.mutate('failedStep') }] : []),
          { label: 'Retry from the start', icon: <RotateCcw aria-hidden />, reason: whyNot, onChoose: () => retry.mutate('start') },
          { label: 'Replay with the newest version', icon: <FastForward aria-hidden />, reason: whyNot, onChoose: () => retry.mutate('newest') },
        ]}
      />
    </>
  )
}
