import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from 'react-router'
import { ApiError } from '@/api/client'
import { router } from './router'
import { startTheme } from './theme'
import { Confirms } from '@/ui/confirm'
import { Toasts, toast } from '@/ui/toast'

const tell = (error: Error) => toast(error instanceof ApiError ? error.sentences.join(' ') : error.message, 'bad')

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the server refused it will refuse again; what did not answer may.
      retry: (count, error) => count < 5 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
    },
  },
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.state.data !== undefined) tell(error) // else the page itself says it
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _result, mutation) => {
      if (!mutation.meta?.['told']) tell(error) // else the form says it
    },
  }),
})

startTheme()

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
      <Toasts />
      <Confirms />
    </QueryClientProvider>
  )
}
