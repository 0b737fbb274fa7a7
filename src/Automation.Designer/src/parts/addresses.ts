// Where the pages of things are.
export const runTo = (id: string) => `/runs/${id}`
export const eventTo = (id: string) => `/events/${id}`
export const deliveryTo = (id: string) => `/deliveries/${id}`
export const endpointTo = (id: string) => `/endpoints/${encodeURIComponent(id)}`
export const requestTo = (id: string) => `/requests/${id}`
export const workflowTo = (id: string) => `/workflows/${encodeURIComponent(id)}`
export const keyTo = (workflow: string, key: string) => `/state/${encodeURIComponent(workflow)}/${encodeURIComponent(key)}`
