using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Webhooks.Requests;

/// <summary>Keeps requests that were refused, with the reason in plain words. Past a rate they are only counted, so that a flood of them costs little.</summary>
internal sealed class RequestLog(Journal journal, WebhookRoutes routes, SecretLookup secret, IdSource ids, TimeProvider time, IOptions<WebhookOptions> options, ILogger<RequestLog> log) : BackgroundService
{
    /// <summary>What of a body is kept.</summary>
    public const int KeptBytes = 64 << 10;

    private const int SignedCharacters = 1000, MostWaiting = 32, MostDiagnosed = 1 << 20;

    private readonly RateLimits perPath = new(new Rate(20, TimeSpan.FromSeconds(10))), all = new(new Rate(100, TimeSpan.FromSeconds(10)));

    // Nobody may use up with paths that are none what the others have.
    private readonly RateLimits unknown = new(new Rate(10, TimeSpan.FromSeconds(10))), captured = new(new Rate(100, TimeSpan.FromSeconds(10)));
    private readonly Channel<(KeptRequest Request, VerificationInput? Input, Hidden Hidden)> waiting = Channel.CreateBounded<(KeptRequest, VerificationInput?, Hidden)>(MostWaiting);
    private long skipped;
    private TaskCompletionSource idle = NewIdle();

    /// <summary>Completes when all that was given is stored.</summary>
    public Task WhenStoredAsync() => Volatile.Read(ref idle).Task;

    /// <summary>Takes what it needs of the request; the rest happens behind.</summary>
    public void Keep(SeenRequest seen, Refusal refusal)
    {
        if (options.Value.KeptRequests == 0) return;
        var matches = seen.IsPath ? routes.Current.Match(seen.Path) : [];
        var hook = matches.Count > 0 ? $"{matches[0].Route.Target.Version.WorkflowId} {matches[0].Route.Target.Trigger.Id}" : seen.Path; // a trigger has endless paths, and a path many spellings
        if (!perPath.TryTake(hook.Length > 200 ? hook[..200] : hook, time, out _) || (matches.Count == 0 && !unknown.TryTake("", time, out _)) || !all.TryTake("", time, out _))
        {
            Interlocked.Increment(ref skipped);
            return;
        }

        var hidden = HiddenOf(seen, matches);
        var kept = Of(seen, hidden, RequestOutcome.Refused, refusal.Status) with
        {
            WorkflowId = seen.Route?.Target.Version.WorkflowId,
            TriggerId = seen.Route?.Target.Trigger.Id,
            Scheme = seen.Route?.Verify?.Scheme,
            Reason = hidden.Mask(refusal.Reason is { } reason ? reason + "." : refusal.Detail),
            Signed = seen.Verified?.Result.Signed is { } parts ? hidden.Mask(Shown(parts)) : null,
            Skipped = Interlocked.Exchange(ref skipped, 0),
        };
        if (!waiting.Writer.TryWrite((kept, refusal.Status == StatusCodes.Status401Unauthorized && seen.Body.Length <= MostDiagnosed ? Copy(seen.Verified?.Input) : null, hidden))) Interlocked.Add(ref skipped, kept.Skipped + 1);
        else if (Volatile.Read(ref idle).Task.IsCompleted) Volatile.Write(ref idle, NewIdle());
    }

    /// <summary>Stores a request to a captured path; completes after the commit.</summary>
    /// <returns>Its id; null when too many come.</returns>
    /// <exception cref="JournalException">It is not stored.</exception>
    public async Task<long?> CaptureAsync(SeenRequest seen)
    {
        if (!captured.TryTake("", time, out _)) return null;
        var kept = Of(seen, HiddenOf(seen, []), RequestOutcome.Captured, StatusCodes.Status202Accepted);
        await journal.CommitAsync(new RequestKept(kept, options.Value.KeptRequests));
        return kept.Id;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var (kept, input, hidden) in waiting.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    var hint = input is null ? null : hidden.Mask(await HintAsync(input, kept.Path));
                    await journal.CommitAsync(new RequestKept(kept with { Hint = hint }, options.Value.KeptRequests));
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    Log.NotKept(log, kept.Path, error.Message);
                }

                if (waiting.Reader.Count == 0) Volatile.Read(ref idle).TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops; what was refused was answered.
        }
    }

    private static TaskCompletionSource NewIdle() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is left when the request is over: its headers are used again for another one.</summary>
    private static VerificationInput? Copy(VerificationInput? input) =>
        input is null ? null : input with { Request = input.Request with { Headers = new HeaderDictionary(input.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase)), Certificate = null } };

    /// <summary>A request without its hint is worth more than none.</summary>
    private async ValueTask<string?> HintAsync(VerificationInput input, string path)
    {
        try
        {
            return VerificationSchemes.BuiltIn.TryGet(input.Config.Scheme, out var scheme) ? await VerificationDiagnosis.FindAsync(scheme, input) : null;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Log.NotDiagnosed(log, path, error.Message);
            return null;
        }
    }

    private static string Shown(ReadOnlyMemory<byte>[] parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            if (text.Length >= SignedCharacters) break;
            text.Append(Encoding.UTF8.GetString(part.Span[..Math.Min(part.Length, SignedCharacters)]));
        }

        var length = parts.Sum(part => (long)part.Length);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts) hash.AppendData(part.Span);
        var shown = text.Length > SignedCharacters ? text.ToString(0, SignedCharacters) + "…" : text.ToString();
        return $"{shown}\n({length} bytes, SHA-256 {Convert.ToHexStringLower(hash.GetHashAndReset())})";
    }

    private KeptRequest Of(SeenRequest seen, Hidden hidden, RequestOutcome outcome, int status)
    {
        var request = seen.Context.Request;
        var body = seen.Body.Span[..Math.Min(seen.Body.Length, KeptBytes)].ToArray();
        hidden.Secrets.Mask(body);
        var address = seen.Context.Connection.RemoteIpAddress;
        return new KeptRequest(
            ids.Next(), time.GetUtcNow(), outcome, request.Method, seen.Path, RequestMasking.Query(request.QueryString, hidden.Secrets), RequestMasking.Headers(request.Headers, hidden.Proofs, hidden.Secrets), request.ContentType,
            body, seen.Body.Length, (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString(), status);
    }

    /// <summary>What must not be shown: the secrets of every trigger on the path, whichever of them refused, and credentials of the query.</summary>
    private Hidden HiddenOf(SeenRequest seen, List<WebhookMatch> matches)
    {
        var verifies = matches.Select(match => match.Route.Verify).OfType<VerifyConfig>().ToList();
        var names = verifies.SelectMany(verify => (verify.Secrets ?? []).Append(verify.ChallengeSecret)).OfType<string>().Distinct(StringComparer.Ordinal);
        var secrets = names.Select(name => secret(name) is { Length: > 0 } value ? new Secret(name, value) : null).OfType<Secret>();
        var ofQuery = RequestMasking.Credentials(seen.Context.Request.QueryString).Select(value => new Secret("query", value));
        return new Hidden(new SecretRedactor([.. secrets, .. ofQuery]), [.. matches.Select(match => match.Route.ProofHeader).OfType<string>()]);
    }

    /// <param name="Secrets">Masked wherever they stand.</param>
    /// <param name="Proofs">Headers that are masked whole.</param>
    private sealed record Hidden(SecretRedactor Secrets, string[] Proofs)
    {
        public string? Mask(string? text) => text is null ? null : Secrets.Mask(text, cut: true);
    }
}
