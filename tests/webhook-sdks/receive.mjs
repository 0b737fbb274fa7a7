// Checks what comes with a provider's own library: node receive.mjs PROVIDER SECRET. Prints its port, then "valid" or "invalid: reason" for each request.
import { createServer } from 'node:http';
import { Webhooks } from '@octokit/webhooks';
import '@shopify/shopify-api/adapters/node';
import { shopifyApi } from '@shopify/shopify-api';
import { verifySlackRequest } from '@slack/bolt';
import { verifyKey } from 'discord-interactions';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import twilio from 'twilio';

const [provider, secret] = process.argv.slice(2);
const fail = (reason) => { throw new Error(reason); };

const receivers = {
  stripe: (body, headers) => new Stripe('sk_test_1').webhooks.constructEvent(body, headers['stripe-signature'], secret),
  github: async (body, headers) => (await new Webhooks({ secret }).verify(body, headers['x-hub-signature-256'])) || fail('no match'),
  'standard-webhooks': (body, headers) => new StandardWebhook(secret).verify(body, headers),
  svix: (body, headers) => new SvixWebhook(secret).verify(body, headers),
  twilio: (body, headers, url) => twilio.validateRequest(secret, headers['x-twilio-signature'], url, Object.fromEntries(new URLSearchParams(body))) || fail('no match'),
  slack: (body, headers) => verifySlackRequest({ signingSecret: secret, body, headers }),
  shopify: async (body, headers, url, request) => {
    const shopify = shopifyApi({ apiKey: 'k', apiSecretKey: secret, apiVersion: '2025-07', isEmbeddedApp: true, logger: { log: () => {} }, hostName: 'example.com', userAgentPrefix: 'x' });
    const result = await shopify.webhooks.validate({ rawBody: body, rawRequest: request });
    return result.valid || fail(JSON.stringify(result));
  },
  discord: async (body, headers) => (await verifyKey(body, headers['x-signature-ed25519'], headers['x-signature-timestamp'], secret)) || fail('no match'),
};

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts).toString('utf8');
  try {
    await receivers[provider](body, request.headers, `http://${request.headers.host}${request.url}`, request);
    console.log('valid');
    response.writeHead(204).end();
  } catch (error) {
    console.log(`invalid: ${error.message}`);
    response.writeHead(401).end();
  }
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
