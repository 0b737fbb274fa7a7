using Automation.Server.Measures;
using Automation.Server.Storage;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Triggers.Webhooks.Door;
using Automation.Server.Triggers.Webhooks.Handshakes;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Takes the requests to <c>/hooks/…</c>: finds their triggers, checks them, hands the event to the intake, answers.</summary>
/// <remarks>
/// A request that several triggers match goes to each of them whose own conditions (<c>accepts</c>, <c>maxBody</c>, <c>verify</c>) it meets, and is refused
/// when it meets none's, for the reason of the last. Verification comes before anything is read out of the body.
/// </remarks>
internal sealed class WebhookEndpoint(
    WebhookRoutes routes,
    Verifier verifier,
    PublicAddress address,
    AcceptEvents accept,
    BodyBudget budget,
    IOptions<WebhookOptions> options,
    BodySchemas schemas,
    RequestLog log,
    Captures captures,
    IdSource ids,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<WebhookEndpoint> logger)
{
    private readonly RateLimits? perSource = Rate.TryParse(options.Value.RatePerSource, out var rate) ? new RateLimits(rate) : null;

    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        try
        {
            var taken = await TakeOrKeepAsync(context); // what it held of the request is free now
            if (taken.Handshake is { } handshake) await WebhookAnswers.HandshakeAsync(context, handshake);
            else if (taken.Refusal is { } refusal) await WebhookAnswers.RefuseAsync(context, refusal);
            else if (taken.CapturedId is { } captured) await WebhookAnswers.CapturedAsync(context, captured);
            else if (taken.Accepted is { } wanted) await WebhookAnswers.HandshakeAsync(context, wanted);
            else if (taken.IsFiltered) await WebhookAnswers.FilteredAsync(context);
            else if (taken.Waits is { } waits) await AnswerResultAsync(context, taken.EventId, waits);
            else if (taken.EventId != 0) await WebhookAnswers.AcceptedAsync(context, taken.EventId);
            else await WebhookAnswers.NothingAsync(context, taken.Allowed);
        }
        catch (BadHttpRequestException broken) when (!context.Response.HasStarted)
        {
            await WebhookAnswers.RefuseAsync(context, new Refusal(broken.StatusCode, "The request could not be read to its end: " + broken.Message));
        }
        catch (Exception error) when (context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException)
        {
            Log.CallerGone(logger, path);
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            Log.Failed(logger, path, error);
            context.Response.Clear();
            await WebhookAnswers.RefuseAsync(context, new Refusal(StatusCodes.Status500InternalServerError, "The server failed to handle the request; send it again."));
        }
    }

    private async ValueTask<Taken> TakeOrKeepAsync(HttpContext context)
    {
        var seen = new SeenRequest(context);
        var taken = await TakeAsync(context, seen);
        if (taken.Refusal is { } refusal && refusal.Status < StatusCodes.Status500InternalServerError)
        {
            ServerMeter.EventsRefused.Add(1);
            log.Keep(seen, refusal);
        }

        return taken;
    }

    private async ValueTask<Taken> TakeAsync(HttpContext context, SeenRequest seen)
    {
        var request = context.Request;
        if (!RequestPath.TryRead(context, out var path, out var reason)) return new Refusal(StatusCodes.Status400BadRequest, reason);
        (seen.Path, seen.IsPath) = (path, true);
        var sender = context.Connection.RemoteIpAddress;
        if (perSource is not null && !perSource.TryTake(Admission.Source(sender), time, out var wait)) return Refusal.TooMany(wait);
        var matches = routes.Current.Match(path);
        if (matches.Count == 0) return await captures.HasAsync(path) ? await CaptureAsync(context, seen) : Admission.NotFound(path);
        if (Keep(matches, seen, (sender, time), static (match, with) => Admission.Sender(match.Route, with.sender, with.time)) is { } unwelcome) return unwelcome;
        if ((HttpMethods.IsGet(request.Method) || HttpMethods.IsOptions(request.Method)) && matches.Exists(match => match.Route.Handshakes.Count > 0) &&
            await HandshakeAsync(matches, seen, Seen(context, default)) is { } asked)
        {
            return asked;
        }

        var allowed = matches.Aggregate(WebhookMethods.None, (methods, match) => methods | match.Route.Methods);
        if (HttpMethods.IsOptions(request.Method) || (HttpMethods.IsHead(request.Method) && allowed.HasFlag(WebhookMethods.Get)))
        {
            return new Taken(Allowed: allowed);
        }

        var method = request.Method is "ANY" ? WebhookMethods.None : WebhookMethodNames.Of(request.Method);
        matches.RemoveAll(match => (match.Route.Methods & method) == 0);
        if (matches.Count == 0) return Admission.MethodNotAllowed(request.Method, allowed);

        if (Admission.Headers(request, out var type) is { } unfit) return unfit;
        if (Keep(matches, seen, request, static (match, request) => Admission.MediaTypes(match.Route, request.ContentType)) is { } unsupported) return unsupported;
        if (Keep(matches, seen, request.ContentLength ?? 0, static (match, size) => Admission.Size(match.Route, size)) is { } announced) return announced;
        var limit = matches.Max(match => match.Route.MaxBody);
        using var share = budget.Open();
        var (body, unread) = await RequestBody.ReadAsync(context, limit, share, options.Value.BodyTimeout, time);
        if (unread is not null) return unread;
        var sent = body;
        seen.Body = body;
        if (ContentDecoding.Of(request) is { Length: > 0 } encoding && body.Length > 0)
        {
            (body, var undecoded) = ContentDecoding.Decode(encoding, body, limit, share);
            if (undecoded is not null) return undecoded;
            seen.Body = body;
        }

        if (Keep(matches, seen, (long)body.Length, static (match, size) => Admission.Size(match.Route, size)) is { } tooLarge) return tooLarge;
        if (matches.Exists(match => match.Route.Verify is not null || match.Route.Handshakes.Count > 0))
        {
            if (await HandshakeAsync(matches, seen, Seen(context, body)) is { } answered) return answered;
            if (await VerifyAsync(matches, seen, Seen(context, sent), body) is { } notVerified) return notVerified;
        }

        if (Keep(matches, seen, time, static (match, time) => Admission.Rate(match.Route, time)) is { } tooMany) return tooMany;
        if (Admission.Content(request, type, body, out var cloudEvent) is { } malformed) return malformed;
        foreach (var match in matches) body = verifier.WithoutSecrets(match.Route, body);
        if (await FitAsync(matches, seen, request.ContentType, body, context.RequestAborted) is { } unfitting) return unfitting;
        return await AcceptAsync(context, path, matches, body, cloudEvent);
    }

    private async ValueTask<Taken> CaptureAsync(HttpContext context, SeenRequest seen)
    {
        using var share = budget.Open();
        (seen.Body, var unread) = await RequestBody.ReadAsync(context, WebhookConfig.DefaultMaxBody.Bytes, share, options.Value.BodyTimeout, time);
        if (unread is not null) return unread;
        if (ContentDecoding.Of(context.Request) is { Length: > 0 } encoding && ContentDecoding.Decode(encoding, seen.Body, WebhookConfig.DefaultMaxBody.Bytes, share) is { Refusal: null } decoded) seen.Body = decoded.Bytes;
        try
        {
            return await log.CaptureAsync(seen) is { } id ? new Taken(CapturedId: id) : Refusal.TooMany(TimeSpan.FromSeconds(10));
        }
        catch (JournalException)
        {
            return Refusal.RetryLater("The request cannot be kept at the moment. Send it again.");
        }
    }

    private WebhookRequest Seen(HttpContext context, ReadOnlyMemory<byte> body) =>
        new(context.Request.Method, address.Of(context), context.Request.Headers, body, context.Connection.ClientCertificate);

    /// <summary>Null when no trigger takes the request for a handshake.</summary>
    private async ValueTask<Taken?> HandshakeAsync(List<WebhookMatch> matches, SeenRequest seen, WebhookRequest request)
    {
        Refusal? refused = null;
        foreach (var (route, _) in matches)
        {
            if (verifier.Answer(route, request) is not { } answer) continue;
            var reason = answer.Reason;
            seen.Route = route;
            if (answer.IsSigned)
            {
                var verified = await verifier.VerifyAsync(route, request);
                reason = verified.Result.Reason;
                if (verified.Input is { } input) seen.Verified = (input, verified.Result);
            }

            if (reason is null) return new Taken(Handshake: answer);
            var refusal = answer.IsSigned ? Refusal.NotVerified(reason) : new Refusal(answer.Status, "", Reason: reason);
            Report(route, seen.Path, refusal, othersTookIt: false);
            refused = refusal;
        }

        return refused is null ? default(Taken?) : new Taken(refused);
    }

    /// <param name="matches">The triggers.</param>
    /// <param name="seen">Notes what is refused.</param>
    /// <param name="request">As it was sent.</param>
    /// <param name="plain">The body without its Content-Encoding: some senders sign before they, or their proxies, compress.</param>
    private async ValueTask<Refusal?> VerifyAsync(List<WebhookMatch> matches, SeenRequest seen, WebhookRequest request, ReadOnlyMemory<byte> plain)
    {
        Dictionary<WebhookRoute, Refusal>? refusals = null;
        for (var at = 0; at < matches.Count; at++)
        {
            var route = matches[at].Route;
            var (result, input) = await verifier.VerifyAsync(route, request);
            if (!result.IsVerified && !plain.Equals(request.Body)) (result, input) = await verifier.VerifyAsync(route, request with { Body = plain });
            if (result.IsVerified)
            {
                if (route is { Scheme: { } scheme, Verify: { } verify }) matches[at] = matches[at] with { MessageId = matches[at].Told(scheme.MessageId(request with { Body = plain }, verify)), Secret = result.Secret };
                continue;
            }

            (refusals ??= []).Add(route, Refusal.NotVerified(result.Reason!));
            if (input is not null) seen.Verified = (input, result);
        }

        return refusals is null ? null : Keep(matches, seen, refusals, static (match, refusals) => refusals.GetValueOrDefault(match.Route));
    }

    private async ValueTask<Refusal?> FitAsync(List<WebhookMatch> matches, SeenRequest seen, string? contentType, ReadOnlyMemory<byte> body, CancellationToken cancelled)
    {
        if (matches.TrueForAll(match => match.Route.SchemaUnit is null)) return null;
        Dictionary<WebhookRoute, Refusal>? refusals = null;
        foreach (var (route, _) in matches)
        {
            if (await schemas.CheckAsync(route, contentType, body, cancelled) is { } refusal) (refusals ??= []).Add(route, refusal);
        }

        return refusals is null ? null : Keep(matches, seen, refusals, static (match, refusals) => refusals.GetValueOrDefault(match.Route));
    }

    /// <summary>Leaves the triggers that do not refuse; the refusal when none is left.</summary>
    private Refusal? Keep<T>(List<WebhookMatch> matches, SeenRequest seen, T with, Func<WebhookMatch, T, Refusal?> refuses)
    {
        Refusal? last = null;
        List<(WebhookRoute, Refusal)>? refused = null;
        for (var at = matches.Count - 1; at >= 0; at--)
        {
            if (refuses(matches[at], with) is not { } refusal) continue;
            last = refusal;
            (refused ??= []).Add((matches[at].Route, refusal));
            matches.RemoveAt(at);
        }

        foreach (var (route, refusal) in refused ?? []) Report(route, seen.Path, refusal, othersTookIt: matches.Count > 0);
        if (matches.Count == 0) seen.Route = refused?[^1].Item1;
        return matches.Count == 0 ? last : null;
    }

    private void Report(WebhookRoute route, string path, Refusal refusal, bool othersTookIt)
    {
        if ((!othersTookIt && refusal.Reason is null) || !route.Rejections.TryPass(time, out var silent)) return;
        var (version, trigger, _) = route.Target;
        if (refusal is { Reason: { } why, Status: not StatusCodes.Status401Unauthorized }) Log.NotLetIn(logger, path, version.WorkflowId, trigger.Id, why, silent);
        else if (refusal.Reason is { } reason) Log.NotVerified(logger, path, version.WorkflowId, trigger.Id, route.Verify!.Scheme, reason, silent);
        else Log.NotTaken(logger, path, version.WorkflowId, trigger.Id, refusal.Detail, silent);
    }

    private async ValueTask<Taken> AcceptAsync(HttpContext context, string path, List<WebhookMatch> matches, ReadOnlyMemory<byte> body, CloudEvent? cloudEvent)
    {
        var now = time.GetUtcNow();
        var offers = ParameterGroups.Of(matches).ConvertAll(group =>
            new Offer(WebhookEvent.Create(context.Request, path, group, body, cloudEvent, ids.Next(), now), group.ConvertAll(match => match.Target)));
        var answer = matches.Exists(match => match.Route.WaitsForResult) ? new TaskCompletionSource<RunAnswer>(TaskCreationOptions.RunContinuationsAsynchronously) : null;

        // No token of the caller's: the request has been read, and whether it is stored must not depend on a connection any more.
        var result = await accept(offers, answer);
        if (result.Outcome is IntakeOutcome.Busy) return Refusal.RetryLater("Too many events are waiting; nothing was stored. Send it again after a second.");
        if (result.Outcome is IntakeOutcome.Unavailable) return Refusal.RetryLater("Events cannot be stored at the moment; nothing was stored. Send it again.");
        if (result.Outcome is IntakeOutcome.Refused) return new Refusal(StatusCodes.Status500InternalServerError, "The database refuses this event; nothing was stored. The server's log says why.");
        var answered = matches.Select(match => match.Route.Scheme?.Accepted).FirstOrDefault(wanted => wanted is not null);
        if (result.IsFiltered) return new Taken(IsFiltered: true, Accepted: answered);
        if (result.First is { } first)
        {
            if (answer is null) return new Taken(EventId: first.EventId, Accepted: answered);
            return new Taken(EventId: first.EventId, Waits: new AwaitedRun(first.RunId, first.AnswerAsync, matches.Where(match => match.Route.WaitsForResult).Max(match => match.Route.Timeout)));
        }

        var eventId = StoredEvent(offers, result.Runs);
        if (answer is null || FirstWaitedFor(offers, result.Runs) is not { } waitedFor) return new Taken(EventId: eventId, Accepted: answered);
        var timeout = matches.Where(match => match.Route.WaitsForResult).Max(match => match.Route.Timeout);
        return new Taken(EventId: eventId, Waits: AwaitedRun.Of(waitedFor, answer.Task, timeout));
    }

    /// <summary>Null when filters dropped the event for those who wait.</summary>
    private static long? FirstWaitedFor(List<Offer> offers, IReadOnlyList<long> runs) =>
        offers.SelectMany(offer => offer.Targets).Zip(runs).Where(started => started.First.Waits && started.Second != 0).Select(started => (long?)started.Second).FirstOrDefault();

    private static long StoredEvent(List<Offer> offers, IReadOnlyList<long> runs) =>
        offers.SelectMany(offer => offer.Targets.Select(_ => offer.Event.Id)).Zip(runs).Where(started => started.Second != 0).Select(started => started.First).FirstOrDefault(offers[0].Event.Id);

    private async Task AnswerResultAsync(HttpContext context, long eventId, AwaitedRun run)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        RunAnswer answer;
        try
        {
            answer = await run.AnswerAsync(leaving.Token).WaitAsync(run.Timeout, time, leaving.Token);
        }
        catch (TimeoutException)
        {
            await leaving.CancelAsync(); // nobody looks for it any more
            await WebhookAnswers.StillRunningAsync(context, eventId, run.RunId);
            return;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The server stops; the run goes on after its next start.
            await WebhookAnswers.StillRunningAsync(context, eventId, run.RunId);
            return;
        }

        await WebhookAnswers.OfRunAsync(context, answer);
    }

    /// <summary>What a request came to: refused, stored, or a question about the path alone. Holds nothing of the request, because callers may wait for long.</summary>
    private readonly record struct Taken(Refusal? Refusal = null, long EventId = 0, AwaitedRun? Waits = null, WebhookMethods Allowed = WebhookMethods.None, bool IsFiltered = false, HandshakeAnswer? Handshake = null, HandshakeAnswer? Accepted = null, long? CapturedId = null)
    {
        public static implicit operator Taken(Refusal refusal) => new(refusal);
    }

    /// <summary>A run that the caller waits for.</summary>
    private sealed record AwaitedRun(long RunId, Func<CancellationToken, Task<RunAnswer>> AnswerAsync, TimeSpan Timeout)
    {
        /// <summary>Apart from <see cref="AcceptAsync"/>, whose closure holds the request's body too.</summary>
        public static AwaitedRun Of(long runId, Task<RunAnswer> answer, TimeSpan timeout) => new(runId, _ => answer, timeout);
    }
}
