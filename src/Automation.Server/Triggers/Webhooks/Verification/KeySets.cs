using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Automation.Server.Deliveries;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Fetches and keeps the JSON Web Key Sets (RFC 7517) of token issuers. Any thread; requests that need one set wait for one fetch.</summary>
/// <remarks>
/// A set is fetched anew after an hour, and when a token names a key that it has not, at most once a minute: an issuer's new key is known at once, and a stranger's tokens cause no
/// traffic. While an issuer cannot be reached its last set is good for a day.
/// </remarks>
internal sealed class KeySets(OutboundHttp http, TimeProvider time)
{
    private const int LargestSet = 256 << 10;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1), Stale = TimeSpan.FromDays(1), Pause = TimeSpan.FromMinutes(1), Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal); // as many as workflow files name

    /// <inheritdoc cref="KeySetLookup"/>
    public async ValueTask<(IReadOnlyList<SecurityKey>? Keys, string? Problem)> GetAsync(string url, string? keyId)
    {
        var entry = entries.GetOrAdd(url, _ => new Entry());
        if (IsGood(entry.Last, keyId)) return (entry.Last!.Keys, null);
        await entry.Gate.WaitAsync();
        try
        {
            var last = entry.Last;
            if (IsGood(last, keyId)) return (last!.Keys, null);
            var now = time.GetUtcNow(); // by now others may have fetched it, or failed to
            if (entry.Tried is not { } tried || now - tried >= Pause || last is null)
            {
                if (last is null && entry.Tried is { } failed && now - failed < TimeSpan.FromSeconds(5)) return (null, entry.Problem);
                (var keys, entry.Problem) = await FetchAsync(url);
                entry.Tried = time.GetUtcNow(); // after it, so that those who waited for it do not ask again
                if (keys is not null) entry.Last = last = new KeySet(keys, now, [.. keys.Select(key => key.KeyId ?? "")]);
            }

            return last is not null && now - last.FetchedAt < Stale ? (last.Keys, null) : (null, entry.Problem);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private bool IsGood(KeySet? set, string? keyId) => set is not null && time.GetUtcNow() - set.FetchedAt < Fresh && (keyId is null || set.KeyIds.Contains(keyId));

    private async Task<(IReadOnlyList<SecurityKey>? Keys, string? Problem)> FetchAsync(string url)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, OutboundRequest.Address(url));
            request.Headers.TryAddWithoutValidation("Accept", "application/jwk-set+json, application/json");
            request.Headers.TryAddWithoutValidation("User-Agent", OutboundHttp.UserAgent);
            using var response = await http.SendAsync(request, patience.Token);
            if (response.StatusCode is not HttpStatusCode.OK) return (null, $"it answers {(int)response.StatusCode}");
            return Read(Encoding.UTF8.GetString(await OutboundAnswer.ReadAsync(response, LargestSet, patience.Token)));
        }
        catch (OperationCanceledException)
        {
            return (null, $"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception error) when (error is OutboundException or HttpRequestException or IOException)
        {
            return (null, (error.InnerException as OutboundException ?? error).Message.TrimEnd('.'));
        }
    }

    /// <summary>The keys of a set that can verify signatures; null with a reason when there are none.</summary>
    internal static (IReadOnlyList<SecurityKey>? Keys, string? Problem) Read(string json)
    {
        try
        {
            var keys = new JsonWebKeySet(json).GetSigningKeys();
            return keys.Count > 0 ? ([.. keys], null) : (null, "it has no keys that verify signatures");
        }
        catch (ArgumentException)
        {
            return (null, "it is not a JSON Web Key Set");
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public volatile KeySet? Last;

        public DateTimeOffset? Tried { get; set; }

        public string? Problem { get; set; }
    }

    private sealed record KeySet(IReadOnlyList<SecurityKey> Keys, DateTimeOffset FetchedAt, HashSet<string> KeyIds);
}
