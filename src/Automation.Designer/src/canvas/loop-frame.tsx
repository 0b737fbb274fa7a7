import type { Node, NodeProps } from '@xyflow/react'
import { memo } from 'react'
import styles from './loop-frame.module.css'

export type LoopFrameType = Node<{ loop: string; repeats: string }, 'frame'>

/** Drawn behind the steps that a loop repeats. */
export const LoopFrame = memo(function LoopFrame({ data }: NodeProps<LoopFrameType>) {
  return (
    <div className={styles.frame}>
      <span>
        {data.repeats} <b>{data.loop}</b>
      </span>
    </div>
  )
})
