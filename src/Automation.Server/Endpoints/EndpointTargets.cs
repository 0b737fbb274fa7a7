using System.Collections.Concurrent;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Endpoints;

/// <summary>Where and how a delivery to an endpoint goes at this moment: its address, headers and signatures may have changed since it was queued.</summary>
internal sealed class EndpointTargets(Journal journal, EndpointSecrets secrets, SecretStore store, TimeProvider time)
{
    // Another server's changes are seen after this; an own change at once.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private const int MostKept = 10_000;

    private readonly ConcurrentDictionary<string, (DateTimeOffset At, DeliveryTarget? Target)> known = new(StringComparer.Ordinal);

    public void Forget(string id) => known.TryRemove(id, out _);

    /// <summary>Null when there is no such endpoint.</summary>
    /// <exception cref="JournalException">It cannot be looked up now.</exception>
    public async ValueTask<DeliveryTarget?> FindAsync(string id)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue(id, out var entry) && now - entry.At < Fresh) return entry.Target;
        var read = new EndpointRead(id);
        await journal.CommitAsync(read);
        var target = read.Endpoint is { } endpoint ? Target(endpoint, now) : null;
        if (known.Count >= MostKept) known.Clear();
        known[id] = (now, target);
        return target;
    }

    private DeliveryTarget Target(StoredEndpoint endpoint, DateTimeOffset now)
    {
        var config = JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config.Utf8.Span, EndpointConfig.Strict)!;
        return new DeliveryTarget(
            new SecretText(config.Url),
            (config.Headers ?? new Dictionary<string, string>()).ToDictionary(h => h.Key, h => new SecretText(h.Value)),
            endpoint.CreatedAt,
            config.RatePerSecond,
            endpoint.State == EndpointState.Active,
            input => Sign(config, config.Secrets is { } names ? [.. names.Select(Value)] : Own(endpoint, config.Signing, now), input));
    }

    private IReadOnlyList<string> Own(StoredEndpoint endpoint, EndpointSigning signing, DateTimeOffset now)
    {
        try
        {
            return secrets.Of(endpoint, signing, now);
        }
        catch (ServerKeyException error)
        {
            throw new OutboundException("endpoint_secrets_locked", error.Message);
        }
    }

    private string Value(string name) => store.TryGet(name, out var value) ? value : throw new OutboundException("secret_missing", $"The secret {name} is not set.");

    private static List<(string Name, string Value)> Sign(EndpointConfig config, IReadOnlyList<string> with, SigningInput input)
    {
        if (config.Signing is EndpointSigning.None) return [];
        var name = config.Signing is EndpointSigning.GitHub ? "github" : config.Signing is EndpointSigning.Hmac ? "hmac" : "standard-webhooks";
        if (!VerificationSchemes.BuiltIn.TryGet(name, out var scheme)) throw new InvalidOperationException($"No scheme {name}.");
        var verify = new VerifyConfig(name) { Header = config.SignatureHeader };
        try
        {
            var headers = scheme.Sign(input with { Secret = with[0], Config = verify }).ToList();
            if (with.Count < 2) return headers;
            foreach (var (header, value) in scheme.Sign(input with { Secret = with[1], Config = verify }))
            {
                // Standard Webhooks takes several signatures in one header; the others get one of their own for the secret that is about to go.
                var at = headers.FindIndex(h => h.Name == header);
                if (header == "webhook-signature") headers[at] = (header, headers[at].Value + " " + value);
                else if (value != headers[at].Value) headers.Add((header + EndpointConfig.Previous, value));
            }

            return headers;
        }
        catch (FormatException error)
        {
            throw new OutboundException("signing_secret_invalid", error.Message);
        }
    }
}
