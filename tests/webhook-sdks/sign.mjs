// Signs an event with a provider's own library and sends it: node sign.mjs PROVIDER URL SECRET. Prints the status of the answer.
import { createHmac } from 'node:crypto';
import { Webhooks } from '@octokit/webhooks';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';
import '@shopify/shopify-api/adapters/node';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import twilio from 'twilio';

const [provider, url, secret] = process.argv.slice(2);
const now = new Date();
const seconds = Math.floor(now / 1000);
const json = JSON.stringify({ id: 'evt_1', type: 'sample', data: { text: 'Grüße €' } }, null, 2) + '\n';
const form = { From: '+14155552671', Body: 'one + two & three', Empty: '', Zone: 'ä' };

const senders = {
  stripe: () => [json, { 'stripe-signature': new Stripe('sk_test_1').webhooks.generateTestHeaderString({ payload: json, secret }) }],
  github: async () => [json, { 'x-hub-signature-256': await new Webhooks({ secret }).sign(json), 'x-github-event': 'push', 'x-github-delivery': 'd1' }],
  'standard-webhooks': () => [json, { 'webhook-id': 'msg_1', 'webhook-timestamp': `${seconds}`, 'webhook-signature': new StandardWebhook(secret).sign('msg_1', now, json) }],
  svix: () => [json, { 'svix-id': 'msg_1', 'svix-timestamp': `${seconds}`, 'svix-signature': new SvixWebhook(secret).sign('msg_1', now, json) }],
  twilio: () => [new URLSearchParams(form).toString(), { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': twilio.getExpectedTwilioSignature(secret, url, form) }],
  'twilio-json': () => {
    const signed = `${url}?bodySHA256=${twilio.getExpectedBodyHash(json)}`;
    return [json, { 'x-twilio-signature': twilio.getExpectedTwilioSignature(secret, signed, {}) }, signed];
  },
  shopify: async () => [json, { 'x-shopify-hmac-sha256': await createSHA256HMAC(secret, json), 'x-shopify-topic': 'orders/create' }],
  // Slack's library verifies only; this is the recipe of its documentation.
  slack: () => [json, { 'x-slack-request-timestamp': `${seconds}`, 'x-slack-signature': 'v0=' + createHmac('sha256', secret).update(`v0:${seconds}:${json}`).digest('hex') }],
};

const [body, headers, target] = await senders[provider]();
const answer = await fetch(target ?? url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
console.log(answer.status);
