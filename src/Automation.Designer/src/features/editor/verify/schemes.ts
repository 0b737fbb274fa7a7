/** A way in which senders of webhooks prove who they are. docs/webhooks.md has the same list; a test compares both. */
export interface Scheme {
  name: string
  title: string
  /** What the secret holds; null where there is none. */
  secret: string | null
  /** Whether it does without a secret. */
  secretIsOptional?: boolean
  /** Properties of `verify` that it takes. */
  takes: readonly string[]
  needs?: readonly string[]
  /** Where the sender shows or takes the secret. */
  setUp: string
  /** The sender's own documentation. */
  docs?: string
}

const clock = 'toleranceSeconds'
const again = 'replayWindow'

export const schemes: readonly Scheme[] = [
  { name: 'github', title: 'GitHub', secret: 'the webhook’s secret', takes: [again], setUp: 'In the repository: Settings, Webhooks, Add webhook. Content type application/json, and the same secret as here.', docs: 'https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries' },
  { name: 'gitlab', title: 'GitLab', secret: 'the secret token', takes: [again], setUp: 'In the project: Settings, Webhooks. Put the secret into Secret token.', docs: 'https://docs.gitlab.com/user/project/integrations/webhooks/' },
  { name: 'stripe', title: 'Stripe', secret: 'the endpoint’s signing secret, whsec_…', takes: [clock, again], setUp: 'In the dashboard: Developers, Webhooks, Add endpoint. Copy its signing secret, whole, into the secret here.', docs: 'https://docs.stripe.com/webhooks' },
  { name: 'slack', title: 'Slack', secret: 'the signing secret', takes: [clock, again], setUp: 'In the app: Event Subscriptions, Request URL. The secret here is the app’s Signing Secret (Basic Information). Slack’s question is answered by itself.', docs: 'https://docs.slack.dev/authentication/verifying-requests-from-slack' },
  { name: 'shopify', title: 'Shopify', secret: 'the app’s client secret', takes: [again], setUp: 'In the admin: Settings, Notifications, Webhooks. The secret here is the signing secret shown below the list; of an app, its client secret.', docs: 'https://shopify.dev/docs/apps/build/webhooks' },
  { name: 'standard-webhooks', title: 'Standard Webhooks, Svix', secret: 'the signing secret (whsec_…) or the sender’s public key (whpk_…)', takes: [clock, again], setUp: 'Copy what the sender shows of the endpoint into the secret here.', docs: 'https://www.standardwebhooks.com' },
  { name: 'twilio', title: 'Twilio', secret: 'the auth token', takes: [again], setUp: 'In the console: the number’s A message comes in. Twilio signs the address: behind a proxy set PublicUrl.', docs: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security' },
  { name: 'zoom', title: 'Zoom', secret: 'the secret token', takes: [clock, again], setUp: 'In the app: Feature, Event Subscriptions. Zoom’s question is answered by itself.', docs: 'https://developers.zoom.us/docs/api/webhooks/' },
  { name: 'hubspot', title: 'HubSpot', secret: 'the app’s client secret', takes: ['version', clock, again], setUp: 'In the app: Webhooks, Target URL. HubSpot signs the address: behind a proxy set PublicUrl.', docs: 'https://developers.hubspot.com/docs' },
  { name: 'meta', title: 'Meta: Facebook, Instagram, WhatsApp', secret: 'the app secret', takes: ['challengeSecret', again], setUp: 'In the app: Webhooks, Callback URL. Its verify token is the value of the secret named as challenge secret.', docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started' },
  { name: 'discord', title: 'Discord', secret: 'the app’s public key, 64 hexadecimal digits', takes: [clock, again], setUp: 'In the app: General Information, Interactions Endpoint URL. The public key is on the same page.', docs: 'https://discord.com/developers/docs/interactions/overview' },
  { name: 'microsoft-graph', title: 'Microsoft Graph', secret: 'the subscription’s clientState', takes: ['audience', 'jwksUrl', clock, again], setUp: 'Make the subscription with the address as notificationUrl, and the secret’s value as clientState.', docs: 'https://learn.microsoft.com/graph/change-notifications-overview' },
  { name: 'woocommerce', title: 'WooCommerce', secret: 'the webhook’s secret', takes: [again], setUp: 'In the shop: WooCommerce, Settings, Advanced, Webhooks.', docs: 'https://woocommerce.com/document/webhooks/' },
  { name: 'x', title: 'X', secret: 'the consumer secret', takes: [again], setUp: 'Register the address as a webhook of the app. X asks each hour; that is answered by itself.', docs: 'https://docs.x.com' },
  { name: 'zoho-payments', title: 'Zoho Payments', secret: 'the signing key', takes: [clock, again], setUp: 'In Zoho Payments: Settings, Developer Space, Webhooks.' },
  { name: 'convoy', title: 'Convoy', secret: 'the endpoint’s secret', takes: ['version', 'algorithm', 'encoding', clock, again], setUp: 'Convoy shows the secret with the endpoint.', docs: 'https://docs.getconvoy.io' },
  { name: 'salesforce-soap', title: 'Salesforce outbound messages', secret: 'the organization’s id', secretIsOptional: true, takes: ['certificates', again], setUp: 'In Salesforce: Setup, Outbound Messages, Endpoint URL. They are not signed: name Salesforce’s client certificate.' },
  { name: 'hmac', title: 'Any other HMAC signature', secret: 'the key', takes: ['header', 'algorithm', 'encoding', 'prefix', 'signed', 'timestampHeader', 'idHeader', clock, again], needs: ['header'], setUp: 'Header, algorithm and encoding are as the sender signs: see its documentation.' },
  { name: 'jwt', title: 'JSON Web Token', secret: 'the key shared with the issuer', secretIsOptional: true, takes: ['jwksUrl', 'issuer', 'audience', 'header', clock, again], setUp: 'The sender has to send a token in Authorization: Bearer, or in the header given here. Either the issuer’s key set (jwks url) or a shared key checks it.' },
  { name: 'bearer', title: 'Bearer token', secret: 'the token', takes: [again], setUp: 'The sender has to send Authorization: Bearer with the secret.' },
  { name: 'basic', title: 'User name and password', secret: 'the password', takes: ['user', again], needs: ['user'], setUp: 'The sender has to send the user name given here and the secret as its password.' },
  { name: 'api-key', title: 'Key in a header', secret: 'the key', takes: ['header', again], setUp: 'The sender has to send the secret in the header given here, X-API-Key by default.' },
  { name: 'mtls', title: 'Client certificate', secret: null, takes: ['certificates', again], needs: ['certificates'], setUp: 'The server needs an https address and what vouches for clients: Https:ClientCertificateAuthority.' },
  { name: 'none', title: 'Nothing, on purpose', secret: null, takes: [again], setUp: 'Anyone who knows the address may call.' },
]

export const schemeOf = (name: string): Scheme | undefined => schemes.find((scheme) => scheme.name === name)
